{{/* Names by which the API is called; it refuses others, against pages that make browsers call it (DNS rebinding). */}}
{{- define "pigeonhole.apiHosts" -}}
{{- $service := printf "%s-api" (include "pigeonhole.fullname" .) -}}
{{- $namespace := include "pigeonhole.namespace" . -}}
{{- $hosts := list "$(POD_IP)" "localhost" "127.0.0.1" $service (printf "%s.%s" $service $namespace) -}}
{{- $hosts = concat $hosts (list (printf "%s.%s.svc" $service $namespace) (printf "%s.%s.svc.cluster.local" $service $namespace)) -}}
{{- if .Values.ingress.enabled -}}{{- $hosts = append $hosts .Values.ingress.host -}}{{- end -}}
{{- if .Values.gateway.enabled -}}{{- $hosts = concat $hosts .Values.gateway.hostnames -}}{{- end -}}
{{- join "," $hosts -}}
{{- end -}}

{{- define "pigeonhole.env.api" -}}
- name: POD_IP
  valueFrom:
    fieldRef: {fieldPath: status.podIP}
{{ include "pigeonhole.env.shared" . }}
{{- if include "pigeonhole.hasToken" . }}
{{ include "pigeonhole.secretVariable" (list "PIGEONHOLE_API_TOKEN" (include "pigeonhole.secretName" .) "token") }}
{{- end }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_API_ALLOW_REMOTE" "true") }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_API_ALLOWED_HOSTS" (include "pigeonhole.apiHosts" .)) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_API_MAX_BODY_BYTES" (.Values.limits.bodyBytes | int64)) }}
{{- if .Values.external.s3.publicEndpoint }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_API_PUBLIC_S3_URL" .Values.external.s3.publicEndpoint) }}
{{- end }}
{{- if include "pigeonhole.isKserve" . }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_API_MODEL_DEPLOYMENT" (printf "%s/%s" (include "pigeonhole.namespace" .) .Values.serving.name)) }}
{{- end }}
{{- with include "pigeonhole.env.oidc" . }}
{{ . | trim }}
{{- end }}
{{- end -}}

{{- define "pigeonhole.env.oidc" -}}
{{- with .Values.auth.oidc -}}
{{- if .issuer }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_OIDC_ISSUER" .issuer) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_OIDC_AUDIENCE" .audience) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_OIDC_NAME_CLAIM" .nameClaim) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_OIDC_ROLES_CLAIM" .rolesClaim) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_OIDC_TENANT_CLAIM" .tenantClaim) }}
{{- with .jwksUrl }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_OIDC_JWKS_URL" .) }}
{{- end }}
{{- with .defaultTenant }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_OIDC_DEFAULT_TENANT" .) }}
{{- end }}
{{- with .roles }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_OIDC_ROLES" (toJson .)) }}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}
