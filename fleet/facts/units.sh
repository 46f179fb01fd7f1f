if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
	echo '@@units'
	systemctl show -p Version -p SystemState 2>/dev/null
	echo
	eval "systemctl show -p Id -p LoadState -p ActiveState -p SubState -p UnitFileState -p FragmentPath -p MainPID -- $units" 2>/dev/null
	echo "exit=$?"
fi
