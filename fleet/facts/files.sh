echo '@@files'
head -v -c 32768 /etc/os-release /proc/self/status /proc/sys/kernel/random/boot_id /proc/meminfo /proc/uptime \
	/sys/devices/system/cpu/online /sys/fs/selinux/enforce /sys/module/apparmor/parameters/enabled /etc/adjtime \
	/run/systemd/container /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /etc/ufw/ufw.conf \
	/proc/net/route /proc/net/ipv6_route /proc/net/if_inet6 /proc/net/fib_trie /proc/self/mounts 2>/dev/null
echo
echo 'monctl-facts end'
