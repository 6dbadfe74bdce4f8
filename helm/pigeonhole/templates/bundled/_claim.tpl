{{/* A StatefulSet's volume, which outlives the release. Call with (list $ "name" "size" "component"). */}}
{{- define "pigeonhole.claim" -}}
{{- $ := index . 0 -}}
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "pigeonhole.selector" (list $ (index . 3)) | nindent 4 }}
spec:
  accessModes: [ReadWriteOnce]
  {{- with $.Values.global.storageClass }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources:
    requests: {storage: {{ index . 2 }}}
{{- end -}}
