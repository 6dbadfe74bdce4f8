{{/* Names and labels. */}}

{{- define "pigeonhole.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What every object's name begins with; 40 characters leave room for a component and a hash. */}}
{{- define "pigeonhole.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "pigeonhole.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "pigeonhole.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pigeonhole.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* The name of a cluster-wide object, which another release must not share. */}}
{{- define "pigeonhole.clusterName" -}}
{{- printf "%s-%s" (include "pigeonhole.namespace" .) (include "pigeonhole.fullname" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels by which a component's pods are selected; they never change. Call with (list $ "component"). */}}
{{- define "pigeonhole.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ include "pigeonhole.name" $ }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels of a component's objects. Call with (list $ "component"). */}}
{{- define "pigeonhole.labels" -}}
{{- $ := index . 0 -}}
{{ include "pigeonhole.selector" . }}
app.kubernetes.io/part-of: pigeonhole
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{- with $.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The metadata of a component's object. Call with (list $ "component" "suffix"); the suffix may be empty. */}}
{{- define "pigeonhole.metadata" -}}
{{- $ := index . 0 -}}
name: {{ include "pigeonhole.fullname" $ }}{{ with index . 2 }}-{{ . }}{{ end }}
namespace: {{ include "pigeonhole.namespace" $ }}
labels:
  {{- include "pigeonhole.labels" (list $ (index . 1)) | nindent 2 }}
{{- with $.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
