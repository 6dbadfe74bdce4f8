{{/* Environment variables by what they are about. */}}

{{/* One variable. Call with (list "NAME" value). */}}
{{- define "pigeonhole.variable" -}}
- name: {{ index . 0 }}
  value: {{ index . 1 | toString | quote }}
{{- end -}}

{{/* One variable from a Secret. Call with (list "NAME" "secret" "key"). */}}
{{- define "pigeonhole.secretVariable" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef: {name: {{ index . 1 | quote }}, key: {{ index . 2 | quote }}}
{{- end -}}

{{- define "pigeonhole.env.s3" -}}
{{- $endpoint := include "pigeonhole.s3Endpoint" . -}}
{{ include "pigeonhole.variable" (list "AWS_DEFAULT_REGION" .Values.external.s3.region) }}
{{- if $endpoint }}
{{ include "pigeonhole.variable" (list "AWS_ENDPOINT_URL" $endpoint) }}
{{- end }}
{{- if include "pigeonhole.hasS3" . }}
{{ include "pigeonhole.secretVariable" (list "AWS_ACCESS_KEY_ID" (include "pigeonhole.bundledSecretName" .) "AWS_ACCESS_KEY_ID") }}
{{ include "pigeonhole.secretVariable" (list "AWS_SECRET_ACCESS_KEY" (include "pigeonhole.bundledSecretName" .) "AWS_SECRET_ACCESS_KEY") }}
{{- else if .Values.external.s3.existingSecret }}
{{ include "pigeonhole.secretVariable" (list "AWS_ACCESS_KEY_ID" .Values.external.s3.existingSecret .Values.external.s3.accessKeyIdKey) }}
{{ include "pigeonhole.secretVariable" (list "AWS_SECRET_ACCESS_KEY" .Values.external.s3.existingSecret .Values.external.s3.secretAccessKeyKey) }}
{{- end }}
{{- end -}}

{{- define "pigeonhole.env.platform" -}}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_HOME" "/tmp/pigeonhole") }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_STORAGE_URL" (include "pigeonhole.storageUrl" .)) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_MLFLOW_TRACKING_URI" (include "pigeonhole.mlflowUrl" .)) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_MODEL_NAME" .Values.serving.modelName) }}
{{ include "pigeonhole.env.s3" . }}
{{- end -}}

{{/* How MLflow's client signs in. */}}
{{- define "pigeonhole.env.mlflow" -}}
{{- if not (include "pigeonhole.hasMlflow" .) -}}
{{- $secret := .Values.external.mlflow.existingSecret -}}
{{- if eq .Values.external.mlflow.auth "token" }}
{{ include "pigeonhole.secretVariable" (list "MLFLOW_TRACKING_TOKEN" $secret "token") }}
{{- else if eq .Values.external.mlflow.auth "basic" }}
{{ include "pigeonhole.secretVariable" (list "MLFLOW_TRACKING_USERNAME" $secret "username") }}
{{ include "pigeonhole.secretVariable" (list "MLFLOW_TRACKING_PASSWORD" $secret "password") }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "pigeonhole.env.database" -}}
- name: PIGEONHOLE_API_DATABASE_URL
  valueFrom:
    secretKeyRef:
      {{- include "pigeonhole.databaseSecret" . | nindent 6 }}
{{- end -}}

{{/* What the API and its workers are told alike. */}}
{{- define "pigeonhole.env.shared" -}}
{{ include "pigeonhole.env.platform" . }}
{{- with include "pigeonhole.env.mlflow" . }}
{{ . | trim }}
{{- end }}
{{ include "pigeonhole.env.database" . }}
{{ include "pigeonhole.secretVariable" (list "PIGEONHOLE_API_SIGNING_KEY" (include "pigeonhole.secretName" .) "signing-key") }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_API_RETENTION_DAYS" .Values.api.retentionDays) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_LIMIT_MAX_BYTES" (.Values.limits.fileBytes | int64)) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_LIMIT_MAX_PAGES" .Values.limits.pages) }}
{{- end -}}

{{/* A component's own variables and those of the values, which win: one name twice is refused by a cluster. Call with
(list "yaml" extraEnv). */}}
{{- define "pigeonhole.env" -}}
{{- $more := default list (index . 1) -}}
{{- $names := list -}}
{{- range $more -}}{{- $names = append $names .name -}}{{- end -}}
{{- $own := list -}}
{{- range fromYamlArray (index . 0) -}}{{- if not (has .name $names) -}}{{- $own = append $own . -}}{{- end -}}{{- end -}}
env:
  {{- toYaml (concat $own $more) | nindent 2 }}
{{- end -}}

{{/* The volumes of a pod: a place for temporary files, and what the values add. Call with (list values "size"). */}}
{{- define "pigeonhole.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: {{ index . 1 }}}
{{- with (index . 0).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "pigeonhole.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- with .extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The container that waits for the database and brings it to this version's tables, with the resources, variables and
mounts of whom it does that for. Call with (list $ values "component"). */}}
{{- define "pigeonhole.migrateContainer" -}}
{{- $ := index . 0 -}}
{{- $values := index . 1 -}}
- name: migrate
  {{- include "pigeonhole.imageFields" (list $ "api") | nindent 2 }}
  args: ["-m", "pigeonhole_api.migrate", "--wait", "300"]
  {{- include "pigeonhole.env" (list (include "pigeonhole.env.database" $) $values.extraEnv) | nindent 2 }}
  resources:
    {{- include "pigeonhole.resources" (list $ $values.resources (index . 2)) | nindent 4 }}
  securityContext:
    {{- include "pigeonhole.containerSecurity" $ | nindent 4 }}
  volumeMounts:
    {{- include "pigeonhole.mounts" $values | nindent 4 }}
{{- end -}}
