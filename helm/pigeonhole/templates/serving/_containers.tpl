{{/* The two model servers' containers, the same under KServe and without. */}}

{{- define "pigeonhole.servingProbes" -}}
startupProbe:
  httpGet: {path: /startupz, port: 8080}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: 8080}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /livez, port: 8080}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
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
env:
  # As many reading processes as CPUs are asked for.
  - name: PIGEONHOLE_SERVING_SLOTS
    valueFrom:
      resourceFieldRef: {containerName: kserve-container, resource: requests.cpu}
  {{- include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_DEADLINE_SECONDS" "120") | nindent 2 }}
  {{- include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_GRACE_PERIOD_SECONDS" "125") | nindent 2 }}
  {{- include "pigeonhole.variable" (list "PIGEONHOLE_LIMIT_MAX_BYTES" (.Values.limits.fileBytes | int64)) | nindent 2 }}
  {{- include "pigeonhole.variable" (list "PIGEONHOLE_LIMIT_MAX_PAGES" .Values.limits.pages) | nindent 2 }}
  {{- if .Values.serving.transformer.cache }}
  {{- include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_CACHE_URL" (include "pigeonhole.storageUrl" .)) | nindent 2 }}
  {{- include "pigeonhole.env.s3" . | nindent 2 }}
  {{- end }}
  {{- with .Values.serving.transformer.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
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
  - {name: tmp, mountPath: /tmp}
  - {name: routing, mountPath: /etc/pigeonhole/routing, readOnly: true}
{{- end -}}

{{- define "pigeonhole.predictorContainer" -}}
name: kserve-container
{{ include "pigeonhole.imageFields" (list . "predictor") }}
args:
  - --model_name={{ ternary "{{.Name}}" .Values.serving.name (eq "true" (include "pigeonhole.isKserve" .)) }}
  - --model_dir=/mnt/models
  - --http_port=8080
env:
  {{- include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_DEADLINE_SECONDS" "30") | nindent 2 }}
  {{- include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_GRACE_PERIOD_SECONDS" "35") | nindent 2 }}
  {{- include "pigeonhole.variable" (list "PIGEONHOLE_SERVING_REGISTERED_MODEL" .Values.serving.modelName) | nindent 2 }}
  {{- with .Values.serving.predictor.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - {name: http, containerPort: 8080, protocol: TCP}
{{ include "pigeonhole.servingProbes" . }}
{{ include "pigeonhole.drain" . }}
resources:
  {{- include "pigeonhole.resources" (list . .Values.serving.predictor.resources "predictor") | nindent 2 }}
securityContext:
  {{- include "pigeonhole.containerSecurity" . | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "pigeonhole.servingVolumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
- name: routing
  configMap: {name: {{ .Values.serving.name }}-routing, optional: true}
{{- end -}}

{{- define "pigeonhole.routing" -}}
{"generation": 1, "stable": {"host": "{{ .Values.serving.name }}-predictor"}, "candidate": null}
{{- end -}}
