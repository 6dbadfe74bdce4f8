{{/* The two model servers' containers, the same under KServe and without. */}}

{{- define "pigeonhole.servingProbes" -}}
startupProbe:
  httpGet: {path: /startupz, port: http}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{- define "pigeonhole.env.transformer" -}}
{{- $resources := fromYaml (include "pigeonhole.resources" (list . .Values.serving.transformer.resources "transformer")) -}}
{{- if or (dig "requests" "cpu" "" $resources) (dig "limits" "cpu" "" $resources) }}
# As many reading processes as CPUs are asked for.
- name: PIGEONHOLE_SERVING_SLOTS
  valueFrom:
    resourceFieldRef: {containerName: kserve-container, resource: requests.cpu}
{{- end }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_DEADLINE_SECONDS" "120") }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_GRACE_PERIOD_SECONDS" "125") }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_LIMIT_MAX_BYTES" (.Values.limits.fileBytes | int64)) }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_LIMIT_MAX_PAGES" .Values.limits.pages) }}
{{- if .Values.serving.transformer.cache }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_CACHE_URL" (include "pigeonhole.storageUrl" .)) }}
{{ include "pigeonhole.env.s3" . }}
{{- end }}
{{- end -}}

{{- define "pigeonhole.env.predictor" -}}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_DEADLINE_SECONDS" "30") }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_GRACE_PERIOD_SECONDS" "35") }}
{{ include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_REGISTERED_MODEL" .Values.serving.modelName) }}
{{- end -}}

{{- define "pigeonhole.transformerContainer" -}}
name: kserve-container
{{ include "pigeonhole.imageFields" (list . "transformer") }}
args:
  - --predictor_protocol
  - v2
  - --routing_file
  - /etc/pigeonhole/routing/routing.json
  {{- if not (include "pigeonhole.isKserve" .) }}
  - --model_name
  - {{ .Values.serving.name | quote }}
  - --http_port
  - "8080"
  {{- end }}
{{ include "pigeonhole.env" (list (include "pigeonhole.env.transformer" .) .Values.serving.transformer.extraEnv) }}
ports:
  - {name: http, containerPort: 8080, protocol: TCP}
{{ include "pigeonhole.servingProbes" . }}
lifecycle:
  preStop:
    exec: {command: [sleep, "10"]}
# 650 MB for each reading process (PIGEONHOLE_READING_MAX_RESIDENT_BYTES), and 300 MB for the server.
resources:
  {{- include "pigeonhole.resources" (list . .Values.serving.transformer.resources "transformer") | nindent 2 }}
securityContext:
  {{- include "pigeonhole.containerSecurity" . | nindent 2 }}
volumeMounts:
  {{- include "pigeonhole.mounts" .Values.serving.transformer | nindent 2 }}
  - {name: routing, mountPath: /etc/pigeonhole/routing, readOnly: true}
{{- end -}}

{{- define "pigeonhole.predictorContainer" -}}
name: kserve-container
{{ include "pigeonhole.imageFields" (list . "predictor") }}
args:
  - --model_name={{ ternary "{{.Name}}" .Values.serving.name (eq "true" (include "pigeonhole.isKserve" .)) }}
  - --model_dir=/mnt/models
  - --http_port=8080
{{ include "pigeonhole.env" (list (include "pigeonhole.env.predictor" .) .Values.serving.predictor.extraEnv) }}
ports:
  - {name: http, containerPort: 8080, protocol: TCP}
{{ include "pigeonhole.servingProbes" . }}
{{ include "pigeonhole.drain" . }}
resources:
  {{- include "pigeonhole.resources" (list . .Values.serving.predictor.resources "predictor") | nindent 2 }}
securityContext:
  {{- include "pigeonhole.containerSecurity" . | nindent 2 }}
volumeMounts:
  {{- include "pigeonhole.mounts" .Values.serving.predictor | nindent 2 }}
{{- end -}}

{{/* Labels of a model server's pods, without those of a candidate; KServe gives them some of its own. Call with
(list $ "predictor|transformer"). */}}
{{- define "pigeonhole.modelServerLabels" -}}
{{- $ := index . 0 -}}
{{- if include "pigeonhole.isKserve" $ -}}
component: {{ index . 1 }}
serving.kserve.io/inferenceservice: {{ $.Values.serving.name }}
{{- else -}}
{{- include "pigeonhole.selector" . -}}
{{- end -}}
{{- end -}}

{{- define "pigeonhole.servingVolumes" -}}
{{ include "pigeonhole.volumes" (list .Values.serving.transformer "256Mi") }}
- name: routing
  configMap: {name: {{ .Values.serving.name }}-routing, optional: true}
{{- end -}}

{{- define "pigeonhole.routing" -}}
{"generation": 1, "stable": {"host": "{{ .Values.serving.name }}-predictor"}, "candidate": null}
{{- end -}}
