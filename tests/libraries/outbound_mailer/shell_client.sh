#!/usr/bin/env bash
# A client of the Outbound Mailer API that shares nothing with ours: bash for HTTP, OpenSSL for the signature.
# Usage: shell_client.sh PORT METHOD TARGET [JSON]; the keys are in ACCESS_KEY and SECRET_KEY. Prints status and body.
set -euo pipefail

port=$1 method=$2 target=$3 body=${4:-}
timestamp=$(date +%s%3N)
signature=$(printf '%s %s\n%s\n%s' "$method" "$target" "$timestamp" "$ACCESS_KEY" |
  openssl dgst -sha256 -hmac "$SECRET_KEY" -binary | openssl base64 -A)
length=$(printf '%s' "$body" | wc -c)

exec 3<>"/dev/tcp/127.0.0.1/$port"
{
  printf '%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n' "$method" "$target" "$port"
  printf 'x-ncp-apigw-timestamp: %s\r\nx-ncp-iam-access-key: %s\r\n' "$timestamp" "$ACCESS_KEY"
  printf 'x-ncp-apigw-signature-v2: %s\r\n' "$signature"
  printf 'Content-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' "$length" "$body"
} >&3
read -r _ status _ <&3
echo "$status"
sed '1,/^\r$/d' <&3
