{{/* Values that cannot work together, each with what to do; included once, by the ConfigMap that is always there. */}}
{{- define "pigeonhole.checks" -}}
{{- $errors := list -}}
{{- $token := include "pigeonhole.hasToken" . -}}
{{- if and (not (include "pigeonhole.hasPostgresql" .)) (empty .Values.external.postgresql.existingSecret) -}}
{{- $errors = append $errors "external.postgresql.existingSecret: name a Secret with the database's URL, or set profile=demo for a trial." -}}
{{- end -}}
{{- if and (include "pigeonhole.hasPostgresql" .) .Values.external.postgresql.existingSecret -}}
{{- $errors = append $errors "external.postgresql.existingSecret: it is not used beside the bundled PostgreSQL; set bundled.postgresql.enabled=false." -}}
{{- end -}}
{{- if and (not (include "pigeonhole.hasS3" .)) (empty .Values.external.s3.bucket) -}}
{{- $errors = append $errors "external.s3.bucket: name the bucket of documents and models, or set profile=demo for a trial." -}}
{{- end -}}
{{- if and (include "pigeonhole.hasS3" .) .Values.external.s3.bucket -}}
{{- $errors = append $errors "external.s3.bucket: it is not used beside the bundled S3 store; set bundled.s3.enabled=false." -}}
{{- end -}}
{{- if and (not (include "pigeonhole.isDemo" .)) (empty .Values.auth.existingSecret) -}}
{{- $errors = append $errors "auth.existingSecret: name a Secret with the key signing-key, and token if auth.token is on." -}}
{{- end -}}
{{- if and (not $token) (empty .Values.auth.oidc.issuer) -}}
{{- $errors = append $errors "auth.oidc.issuer: nobody could sign in; name the sign-in service, or set auth.token=true." -}}
{{- end -}}
{{- if and (or .Values.userApp.enabled .Values.adminApp.enabled) (not $token) (empty .Values.auth.apps.signIn) -}}
{{- $errors = append $errors "auth.apps.signIn: the apps need people's sign-in (id or access) where there is no installation token." -}}
{{- end -}}
{{- if and .Values.auth.apps.signIn (empty .Values.auth.apps.existingSecret) -}}
{{- $errors = append $errors "auth.apps.existingSecret: sign-in needs a Secret with secrets.toml, which names the client." -}}
{{- end -}}
{{- if and .Values.auth.apps.signIn (empty .Values.auth.oidc.issuer) -}}
{{- $errors = append $errors "auth.oidc.issuer: the API would refuse the tokens of auth.apps.signIn." -}}
{{- end -}}
{{- if and (include "pigeonhole.hasSeed" .) (not $token) -}}
{{- $errors = append $errors "seed.enabled: the Job signs in by the installation token; set auth.token=true." -}}
{{- end -}}
{{- if and (include "pigeonhole.hasSeed" .) (not .Values.trainer.enabled) -}}
{{- $errors = append $errors "seed.enabled: nobody would train the first model; set trainer.enabled=true." -}}
{{- end -}}
{{- if and (include "pigeonhole.hasMlflow" .) .Values.external.mlflow.url -}}
{{- $errors = append $errors "external.mlflow.url: it is not used beside the chart's own MLflow; set mlflow.enabled=false." -}}
{{- end -}}
{{- if and (not (include "pigeonhole.hasMlflow" .)) (empty .Values.external.mlflow.url) -}}
{{- $errors = append $errors "external.mlflow.url: name MLflow's server, or set mlflow.enabled=true." -}}
{{- end -}}
{{- if and .Values.external.mlflow.auth (empty .Values.external.mlflow.existingSecret) -}}
{{- $errors = append $errors "external.mlflow.existingSecret: signing in to MLflow needs a Secret with what auth names." -}}
{{- end -}}
{{- if and .Values.gateway.enabled (empty .Values.gateway.parentRefs) -}}
{{- $errors = append $errors "gateway.parentRefs: name the Gateways that the route belongs to." -}}
{{- end -}}
{{- if and .Values.gateway.enabled (or (empty .Values.gateway.hostnames) (contains "*" (join "," .Values.gateway.hostnames))) -}}
{{- $errors = append $errors "gateway.hostnames: name the hosts one by one; the API refuses calls to any other." -}}
{{- end -}}
{{- if and (eq .Values.monitoring.alertmanager "always") (empty .Values.monitoring.slack.existingSecret) -}}
{{- $errors = append $errors "monitoring.slack.existingSecret: the AlertmanagerConfig needs a Secret with Slack's address." -}}
{{- end -}}
{{- if and (.Values.monitoring.deadMan).existingSecret (empty .Values.monitoring.slack.existingSecret) -}}
{{- $errors = append $errors "monitoring.deadMan.existingSecret: the AlertmanagerConfig, which sends it, needs monitoring.slack.existingSecret as well." -}}
{{- end -}}
{{- if ge (int64 .Values.limits.fileBytes) (int64 .Values.limits.bodyBytes) -}}
{{- $errors = append $errors "limits.bodyBytes: a request holds a file and what stands around it; make it larger than limits.fileBytes." -}}
{{- end -}}
{{- if and .Values.api.autoscaling.enabled (gt (int .Values.api.autoscaling.minReplicas) (int .Values.api.autoscaling.maxReplicas)) -}}
{{- $errors = append $errors "api.autoscaling.minReplicas: more than maxReplicas." -}}
{{- end -}}
{{- if and .Values.worker.keda.enabled (gt (int .Values.worker.keda.minReplicas) (int .Values.worker.keda.maxReplicas)) -}}
{{- $errors = append $errors "worker.keda.minReplicas: more than maxReplicas." -}}
{{- end -}}
{{- if $errors -}}
{{- fail (printf "\n\nPigeonhole cannot be installed with these values:\n  - %s\n" (join "\n  - " $errors)) -}}
{{- end -}}
{{- end -}}
