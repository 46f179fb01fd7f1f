if ! command -v timeout >/dev/null; then internet=
elif command -v bash >/dev/null; then
	internet=no
	timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$peer" "$port" >/dev/null 2>&1 && internet=yes
elif command -v nc >/dev/null; then
	internet=no
	timeout 2 nc -z "$peer" "$port" >/dev/null 2>&1 && internet=yes
else
	internet=
	command -v getent >/dev/null && { timeout 2 getent hosts "$peer" >/dev/null 2>&1 || internet=no; }
fi
echo "internet $internet"
