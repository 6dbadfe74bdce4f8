{{/* What all pods have in common. */}}

{{/* An image's address. Call with (list $ "name"). */}}
{{- define "pigeonhole.image" -}}
{{- $ := index . 0 -}}
{{- $name := index . 1 -}}
{{- $registry := default $.Values.image.registry $.Values.global.imageRegistry -}}
{{- $repository := printf "%s%s%s" (ternary (printf "%s/" $registry) "" (ne $registry "")) $.Values.image.prefix $name -}}
{{- with index $.Values.image.digests $name -}}
{{- printf "%s@%s" $repository . -}}
{{- else -}}
{{- printf "%s:%s" $repository (default $.Chart.AppVersion $.Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* A container's image and its policy. Call with (list $ "name"). */}}
{{- define "pigeonhole.imageFields" -}}
{{- $ := index . 0 -}}
image: {{ include "pigeonhole.image" . | quote }}
imagePullPolicy: {{ $.Values.image.pullPolicy }}
{{- end -}}

{{/* Pods run as one user, under the restricted Pod Security Standard. */}}
{{- define "pigeonhole.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "pigeonhole.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* The fields of a pod before its containers. Call with (list $ values "component" "service account" isTokenMounted). */}}
{{- define "pigeonhole.pod" -}}
{{- $ := index . 0 -}}
{{- $values := index . 1 -}}
{{- $component := index . 2 -}}
serviceAccountName: {{ index . 3 }}
automountServiceAccountToken: {{ index . 4 }}
# A Service's variables, such as PIGEONHOLE_API_PORT, would be taken for settings.
enableServiceLinks: false
securityContext:
  {{- include "pigeonhole.podSecurity" $ | nindent 2 }}
{{- with $.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with include "pigeonhole.placing" (list $values (include "pigeonhole.selector" (list $ $component))) | trim }}
{{ . }}
{{- end }}
{{- end -}}

{{/* Where a pod goes. Call with (list values "labels of the component's pods"). */}}
{{- define "pigeonhole.placing" -}}
{{- $values := index . 0 -}}
{{- $labels := index . 1 -}}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{ toYaml . | nindent 4 | trim }}
    {{- if not (hasKey . "labelSelector") }}
    labelSelector:
      matchLabels:
        {{- $labels | nindent 8 }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* A pod's labels and annotations. Call with (list $ values "component" checksum); the checksum may be empty. */}}
{{- define "pigeonhole.podMetadata" -}}
{{- $ := index . 0 -}}
{{- $values := index . 1 -}}
labels:
  {{- toYaml (merge (dict) (default dict $values.podLabels) (fromYaml (include "pigeonhole.podLabels" (list $ (index . 2))))) | nindent 2 }}
{{- $own := dict -}}
{{- with index . 3 }}{{- $own = dict "checksum/settings" . }}{{- end }}
{{- with merge (dict) $own (default dict $values.podAnnotations) $.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Requests and limits. Call with (list $ resources "component"). */}}
{{- define "pigeonhole.resources" -}}
{{- $ := index . 0 -}}
{{- $presets := fromYaml (include "pigeonhole.presets" $) -}}
{{- toYaml (default (index $presets (index . 2)) (index . 1)) -}}
{{- end -}}

{{- define "pigeonhole.presets" -}}
{{- if eq .Values.size "small" }}
api: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 768Mi}}
worker: {requests: {cpu: 50m, memory: 192Mi}, limits: {memory: 512Mi}}
trainer: {requests: {cpu: 100m, memory: 384Mi}, limits: {memory: 3Gi}}
app: {requests: {cpu: 50m, memory: 192Mi}, limits: {memory: 768Mi}}
operator: {requests: {cpu: 25m, memory: 96Mi}, limits: {memory: 256Mi}}
transformer: {requests: {cpu: 250m, memory: 768Mi}, limits: {memory: 1536Mi}}
predictor: {requests: {cpu: 100m, memory: 384Mi}, limits: {memory: 1Gi}}
mlflow: {requests: {cpu: 50m, memory: 384Mi}, limits: {memory: 1536Mi}}
postgresql: {requests: {cpu: 50m, memory: 128Mi}, limits: {memory: 512Mi}}
s3: {requests: {cpu: 25m, memory: 64Mi}, limits: {memory: 512Mi}}
job: {requests: {cpu: 50m, memory: 192Mi}, limits: {memory: 1Gi}}
{{- else }}
api: {requests: {cpu: 500m, memory: 512Mi}, limits: {memory: 1536Mi}}
worker: {requests: {cpu: 250m, memory: 384Mi}, limits: {memory: 1Gi}}
trainer: {requests: {cpu: "1", memory: 2Gi}, limits: {memory: 6Gi}}
app: {requests: {cpu: 250m, memory: 384Mi}, limits: {memory: 1536Mi}}
operator: {requests: {cpu: 50m, memory: 128Mi}, limits: {memory: 256Mi}}
transformer: {requests: {cpu: "2", memory: 2Gi}, limits: {memory: 4Gi}}
predictor: {requests: {cpu: 500m, memory: 768Mi}, limits: {memory: 2Gi}}
mlflow: {requests: {cpu: 250m, memory: 768Mi}, limits: {memory: 2Gi}}
postgresql: {requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 2Gi}}
s3: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 1Gi}}
job: {requests: {cpu: 100m, memory: 384Mi}, limits: {memory: 2Gi}}
{{- end }}
{{- end -}}

{{/* Probes by HTTP. Call with (list port); the API minds its Host header. */}}
{{- define "pigeonhole.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: {{ index . 0 }}}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: {{ index . 0 }}}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /livez, port: {{ index . 0 }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{/* A pause before SIGTERM: a pod that ends still gets requests until every node knows. */}}
{{- define "pigeonhole.drain" -}}
lifecycle:
  preStop:
    exec: {command: [sleep, "5"]}
{{- end -}}
