{{/* Who may speak to whom inside the release: one edge a receiver. */}}
{{- define "pigeonhole.edges" -}}
- {to: api, from: [user-app, admin-app, seed, tests], port: 8000, anyone: true, enabled: true, metrics: 8000}
- {to: user-app, from: [tests], port: 8501, anyone: true, enabled: {{ .Values.userApp.enabled }}}
- {to: admin-app, from: [tests], port: 8501, anyone: true, enabled: {{ .Values.adminApp.enabled }}}
- {to: worker, from: [tests], port: 9090, enabled: true, metrics: 9090}
- {to: trainer, from: [tests], port: 9090, enabled: {{ .Values.trainer.enabled }}, metrics: 9090}
- {to: operator, from: [tests], port: 8081, enabled: true, metrics: 8081}
- {to: transformer, from: [worker, operator, tests], port: 8080, enabled: true, metrics: 8080}
- {to: predictor, from: [transformer, operator, tests], port: 8080, enabled: true, metrics: 8080}
- {to: mlflow, from: [api, worker, trainer, operator], port: 5000, runners: true, enabled: {{ default "false" (include "pigeonhole.hasMlflow" .) }}}
- {to: postgresql, from: [api, worker, trainer, mlflow, migrations], port: 5432, enabled: {{ default "false" (include "pigeonhole.hasPostgresql" .) }}}
- {to: s3, from: [api, worker, trainer, mlflow, operator, transformer, predictor], port: 9000, runners: true, enabled: {{ default "false" (include "pigeonhole.hasS3" .) }}}
{{- end -}}

{{/* Whether a component has pods with these values: `true` or empty. Call with (list $ "component"). */}}
{{- define "pigeonhole.hasPods" -}}
{{- $ := index . 0 -}}
{{- $switches := dict "user-app" $.Values.userApp.enabled "admin-app" $.Values.adminApp.enabled "trainer" $.Values.trainer.enabled "seed" (include "pigeonhole.hasSeed" $) "mlflow" (include "pigeonhole.hasMlflow" $) "tests" $.Values.tests.enabled -}}
{{- if or (not (hasKey $switches (index . 1))) (index $switches (index . 1)) }}true{{ end -}}
{{- end -}}

{{/* The pods of a component; KServe gives the model servers' labels of its own. Call with (list $ "component"). */}}
{{- define "pigeonhole.peer" -}}
{{- $ := index . 0 -}}
{{- $component := index . 1 -}}
{{- if and (eq $.Values.serving.mode "kserve") (has $component (list "transformer" "predictor")) -}}
matchLabels: {component: {{ $component }}}
matchExpressions:
  - {key: serving.kserve.io/inferenceservice, operator: In, values: [{{ $.Values.serving.name }}, {{ $.Values.serving.name }}-candidate]}
{{- else -}}
matchLabels:
  {{- include "pigeonhole.selector" (list $ $component) | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* Who may call a receiver, as rules: its callers at its port, Prometheus at that of its metrics. Call with (list $ edge). */}}
{{- define "pigeonhole.callers" -}}
{{- $ := index . 0 -}}
{{- $edge := index . 1 -}}
{{- $peers := list -}}
{{- range $edge.from -}}
{{- if include "pigeonhole.hasPods" (list $ .) -}}
{{- $peers = append $peers (dict "podSelector" (fromYaml (include "pigeonhole.peer" (list $ .)))) -}}
{{- end -}}
{{- end -}}
{{- if and $edge.runners $.Values.pipelines.enabled -}}
{{- range $runner := $.Values.pipelines.runners -}}
{{- $peers = append $peers (dict "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" (splitList "/" $runner | first)))) -}}
{{- end -}}
{{- $peers = uniq $peers -}}
{{- end -}}
{{- $rules := list -}}
{{- $ports := list (dict "port" $edge.port "protocol" "TCP") -}}
{{- if and $edge.anyone (empty $.Values.networkPolicy.clients) -}}
{{- $rules = append $rules (dict "ports" $ports) -}}
{{- else if or $edge.anyone $peers -}}
{{- /* Never an empty list, which would be everybody. */ -}}
{{- $clients := ternary $.Values.networkPolicy.clients list (eq true $edge.anyone) -}}
{{- $rules = append $rules (dict "from" (concat $peers $clients) "ports" $ports) -}}
{{- end -}}
{{- if $edge.metrics -}}
{{- /* Not by labels that are empty: the API server leaves those out, and would see a change in each upgrade. */ -}}
{{- $selector := dict -}}
{{- with $.Values.networkPolicy.monitoringNamespaces -}}{{- $selector = dict "matchLabels" . -}}{{- end -}}
{{- $ports := list (dict "port" $edge.metrics "protocol" "TCP") -}}
{{- $rules = append $rules (dict "from" (list (dict "namespaceSelector" $selector)) "ports" $ports) -}}
{{- end -}}
{{- toYaml $rules -}}
{{- end -}}
