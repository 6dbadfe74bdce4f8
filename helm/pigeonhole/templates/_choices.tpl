{{/* What the values come to: each of these is `true` or empty. */}}

{{- define "pigeonhole.isDemo" -}}
{{- if eq .Values.profile "demo" }}true{{ end -}}
{{- end -}}

{{/* A switch that is unset takes another value. Call with (list switch default). */}}
{{- define "pigeonhole.switch" -}}
{{- if kindIs "invalid" (index . 0) -}}
{{- index . 1 -}}
{{- else if index . 0 -}}
true
{{- end -}}
{{- end -}}

{{- define "pigeonhole.hasPostgresql" -}}
{{- include "pigeonhole.switch" (list .Values.bundled.postgresql.enabled (include "pigeonhole.isDemo" .)) -}}
{{- end -}}

{{- define "pigeonhole.hasS3" -}}
{{- include "pigeonhole.switch" (list .Values.bundled.s3.enabled (include "pigeonhole.isDemo" .)) -}}
{{- end -}}

{{- define "pigeonhole.hasMlflow" -}}
{{- include "pigeonhole.switch" (list .Values.mlflow.enabled (ternary "true" "" (empty .Values.external.mlflow.url))) -}}
{{- end -}}

{{- define "pigeonhole.hasToken" -}}
{{- include "pigeonhole.switch" (list .Values.auth.token (include "pigeonhole.isDemo" .)) -}}
{{- end -}}

{{- define "pigeonhole.hasSeed" -}}
{{- include "pigeonhole.switch" (list .Values.seed.enabled (include "pigeonhole.isDemo" .)) -}}
{{- end -}}

{{- define "pigeonhole.isKserve" -}}
{{- if eq .Values.serving.mode "kserve" }}true{{ end -}}
{{- end -}}

{{- define "pigeonhole.trainingPromotes" -}}
{{- include "pigeonhole.switch" (list .Values.trainer.promotes (ternary "" "true" (eq .Values.serving.mode "kserve"))) -}}
{{- end -}}

{{/* Whether objects of another project's kind are made. Call with (list $ "auto|always|never" "group/version"). */}}
{{- define "pigeonhole.knows" -}}
{{- $ := index . 0 -}}
{{- if or (eq (index . 1) "always") (and (eq (index . 1) "auto") ($.Capabilities.APIVersions.Has (index . 2))) }}true{{ end -}}
{{- end -}}

{{/* Names of what is the chart's own or somebody else's. */}}

{{- define "pigeonhole.secretName" -}}
{{- default (printf "%s-secrets" (include "pigeonhole.fullname" .)) .Values.auth.existingSecret -}}
{{- end -}}

{{- define "pigeonhole.bundledSecretName" -}}
{{- printf "%s-bundled" (include "pigeonhole.fullname" .) -}}
{{- end -}}

{{- define "pigeonhole.databaseSecret" -}}
{{- if include "pigeonhole.hasPostgresql" . -}}
name: {{ include "pigeonhole.bundledSecretName" . }}
key: database-url
{{- else -}}
name: {{ .Values.external.postgresql.existingSecret | quote }}
key: {{ .Values.external.postgresql.urlKey | quote }}
{{- end -}}
{{- end -}}

{{- define "pigeonhole.bucket" -}}
{{- ternary .Values.bundled.s3.bucket .Values.external.s3.bucket (eq "true" (include "pigeonhole.hasS3" .)) -}}
{{- end -}}

{{- define "pigeonhole.storageUrl" -}}
{{- printf "s3://%s/%s" (include "pigeonhole.bucket" .) (trimAll "/" .Values.external.s3.prefix) | trimSuffix "/" -}}
{{- end -}}

{{- define "pigeonhole.s3Endpoint" -}}
{{- if include "pigeonhole.hasS3" . -}}
http://{{ include "pigeonhole.fullname" . }}-s3.{{ include "pigeonhole.namespace" . }}.svc:9000
{{- else -}}
{{- .Values.external.s3.endpoint -}}
{{- end -}}
{{- end -}}

{{- define "pigeonhole.mlflowUrl" -}}
{{- if include "pigeonhole.hasMlflow" . -}}
http://{{ include "pigeonhole.fullname" . }}-mlflow.{{ include "pigeonhole.namespace" . }}.svc:5000
{{- else -}}
{{- .Values.external.mlflow.url -}}
{{- end -}}
{{- end -}}

{{- define "pigeonhole.publicUrl" -}}
{{- if .Values.ingress.enabled -}}
{{ ternary "https" "http" (ne .Values.ingress.tlsSecret "") }}://{{ .Values.ingress.host }}
{{- with .Values.ingress.port }}:{{ . }}{{ end -}}
{{- else if and .Values.gateway.enabled .Values.gateway.hostnames -}}
https://{{ first .Values.gateway.hostnames }}
{{- end -}}
{{- end -}}

{{- define "pigeonhole.apiUrl" -}}
http://{{ include "pigeonhole.fullname" . }}-api.{{ include "pigeonhole.namespace" . }}.svc:8000
{{- end -}}

{{/* Whose a CRD is that is there and not this release's, such as one that a former release has left; empty where it is
ours to make. A release may take it over. Call with (list $ "name"). */}}
{{- define "pigeonhole.crdOwner" -}}
{{- $ := index . 0 -}}
{{- $present := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" (index . 1) -}}
{{- if and $present (not $.Values.crds.adopt) -}}
{{- $annotations := default dict $present.metadata.annotations -}}
{{- $owner := printf "%s/%s" (index $annotations "meta.helm.sh/release-namespace" | default "-") (index $annotations "meta.helm.sh/release-name" | default "-") -}}
{{- if ne $owner (printf "%s/%s" $.Release.Namespace $.Release.Name) -}}
{{- ternary "nobody's release" (printf "release %s" $owner) (eq $owner "-/-") -}}
{{- end -}}
{{- end -}}
{{- end -}}
