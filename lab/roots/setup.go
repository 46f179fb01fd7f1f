package roots

// setUp runs inside a new root. What differs between hosts (keys, names,
// machine ids, passwords) is not here: the lab writes it per host.
//
// Units that a VM would not miss are masked, because a lab boots many hosts on
// few cores. The name server lookup of sshd is off for the same reason.
const setUp = `
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
useradd --create-home --shell /bin/bash --uid 1000 ubuntu
useradd --create-home --shell /bin/bash --uid 1001 pat
useradd --create-home --shell /bin/bash --uid 1002 nosudo
printf '%s\n' 'ubuntu ALL=(ALL) NOPASSWD: ALL' 'pat ALL=(ALL) ALL' > /etc/sudoers.d/lab
chmod 0440 /etc/sudoers.d/lab
printf 'UseDNS no\n' > /etc/ssh/sshd_config.d/lab.conf
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /etc/resolv.conf
mkdir -p /etc/systemd/journald.conf.d /var/log/journal
printf '[Journal]\nSystemMaxUse=32M\n' > /etc/systemd/journald.conf.d/lab.conf
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-pstore.service \
    console-getty.service getty.target dev-hugepages.mount sys-fs-fuse-connections.mount \
    systemd-binfmt.service proc-sys-fs-binfmt_misc.automount; do
    ln -sf /dev/null /etc/systemd/system/$unit
done
apt-get clean
rm -rf /var/lib/apt/lists/* /debootstrap /usr/share/doc/* /usr/share/man/* /usr/share/locale/*
`
