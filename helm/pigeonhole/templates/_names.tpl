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
{{- $name := printf "%s-%s" (include "pigeonhole.namespace" .) (include "pigeonhole.fullname" .) -}}
{{- if gt (len $name) 50 -}}
{{- $name = printf "%s-%s" (trunc 41 $name | trimSuffix "-") (sha256sum $name | trunc 8) -}}
{{- end -}}
{{- $name -}}
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

{{/* Labels of a component's pods: another version of the chart alone is no reason to start them anew. */}}
{{- define "pigeonhole.podLabels" -}}
{{- omit (fromYaml (include "pigeonhole.labels" .)) "helm.sh/chart" | toYaml -}}
{{- end -}}

{{/* Labels and annotations of a component's object. Call with (list $ "component"), and labels besides. */}}
{{- define "pigeonhole.marks" -}}
{{- $more := dict -}}
{{- if gt (len .) 2 -}}{{- $more = default dict (index . 2) -}}{{- end -}}
labels:
  {{- toYaml (merge (dict) $more (fromYaml (include "pigeonhole.labels" .))) | nindent 2 }}
{{- with (index . 0).Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* That of an account whose pods use S3. Call with (list $ "component" "suffix"). */}}
{{- define "pigeonhole.accountMetadata" -}}
{{- $ := index . 0 -}}
{{- $metadata := fromYaml (include "pigeonhole.metadata" .) -}}
{{- with $.Values.serviceAccount.annotations -}}
{{- $_ := set $metadata "annotations" (merge (dict) . (default dict $metadata.annotations)) -}}
{{- end -}}
{{- toYaml $metadata -}}
{{- end -}}

{{/* The metadata of a component's object. Call with (list $ "component" "suffix"); the suffix may be empty. */}}
{{- define "pigeonhole.metadata" -}}
{{- $ := index . 0 -}}
name: {{ list (include "pigeonhole.fullname" $) (index . 2) | compact | join "-" | trunc 63 | trimSuffix "-" }}
namespace: {{ include "pigeonhole.namespace" $ }}
{{ include "pigeonhole.marks" (list $ (index . 1)) }}
{{- end -}}
