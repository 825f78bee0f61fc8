{{/* The name of everything: the release, with the chart's name where the release has another. */}}
{{- define "patchstream.name" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "patchstream.host" -}}
{{- printf "%s.%s.svc" (include "patchstream.name" .) .Release.Namespace -}}
{{- end -}}

{{- define "patchstream.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: data-server
{{- end -}}

{{- define "patchstream.labels" -}}
{{ include "patchstream.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* What must be set, and what does not fit together. */}}
{{- define "patchstream.check" -}}
{{- with .Values.store -}}
{{- if and (not .claim) (not .address) -}}
{{- fail "store.claim is empty: name the PersistentVolumeClaim that holds the store, or the store's address in store.address" -}}
{{- end -}}
{{- if and .claim .address -}}
{{- fail "store.claim and store.address are both set: choose one" -}}
{{- end -}}
{{- if and (or .credentials .cache) (not .address) -}}
{{- fail "store.credentials and store.cache belong to store.address" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.store.address .Values.networkPolicy.enabled (not .Values.networkPolicy.egress) -}}
{{- fail "networkPolicy.egress is empty: servers could not reach store.address" -}}
{{- end -}}
{{- if and (not .Values.tls.secret) (not .Values.insecure) -}}
{{- fail "tls.secret is empty: name the Secret with tls.crt, tls.key and ca.crt, or set insecure to true where you trust the network" -}}
{{- end -}}
{{- if and .Values.tls.secret .Values.insecure -}}
{{- fail "insecure is true and tls.secret is set: choose one" -}}
{{- end -}}
{{- if and .Values.tokens.secret (not .Values.tls.secret) -}}
{{- fail "tokens.secret is set without tls.secret: tokens need TLS" -}}
{{- end -}}
{{- if and .Values.tls.clientCertificates (not .Values.tls.secret) -}}
{{- fail "tls.clientCertificates is true without tls.secret" -}}
{{- end -}}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" -}}
{{- end -}}
{{- end -}}

{{/* What a probe does: gRPC's health. Kubernetes' own gRPC probe speaks no TLS, so behind TLS the image's probe asks. */}}
{{- define "patchstream.probe" -}}
{{- if .Values.tls.secret -}}
exec:
  command:
    - grpc_health_probe
    - -addr=127.0.0.1:{{ .Values.ports.grpc }}
    - -tls
    - -tls-ca-cert=/tls/ca.crt
    - -tls-server-name={{ include "patchstream.host" . }}
    {{- if .Values.tls.clientCertificates }}
    - -tls-client-cert=/tls/tls.crt
    - -tls-client-key=/tls/tls.key
    {{- end }}
    - -connect-timeout=4s
    - -rpc-timeout=4s
{{- else -}}
grpc:
  port: {{ .Values.ports.grpc }}
{{- end -}}
{{- end -}}
