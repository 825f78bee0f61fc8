#!/bin/sh
# Makes the certificates of the TLS tests: two authorities, a server and a client of the first, a client of the second.
# They are worth nothing outside of the tests and last a hundred years, but for `expired`, its own authority, which never was valid.
set -e
cd "$(dirname "$0")"
days=36500
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days $days -subj "/CN=$1" \
    -keyout "$1.key" -out "$1.pem" -addext "basicConstraints=critical,CA:TRUE" 2>/dev/null
}
signed() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1%s' "$3" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days $days -extfile "$1.ext" -out "$1.pem" 2>/dev/null
  rm "$1.csr" "$1.ext"
}
authority authority
authority other-authority
# The addresses of the proxies that stand before a server: test/conformance/tcp-proxy.ts.
signed server authority "$(seq --format ',IP:127.77.0.%g' 60 | tr -d '\n')"
signed client authority ""
signed stranger other-authority ""
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=expired" -keyout expired.key -out expired.csr 2>/dev/null
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' >expired.ext
openssl x509 -req -in expired.csr -signkey expired.key -days -1 -extfile expired.ext -out expired.pem 2>/dev/null
rm expired.csr expired.ext
rm -f ./*.srl authority.key other-authority.key
