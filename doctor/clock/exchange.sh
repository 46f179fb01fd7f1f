# For every empty line that comes, the time; any other line ends it. The first that a host has: perl, bash 5, python,
# date. The name of the reader comes first. Each reads its input byte by byte.
perl -MTime::HiRes=time -e '$|=1; print "reader perl\n"; while (sysread(STDIN,$b,1)) { last if $b ne "\n"; printf "%.6f\n", time } exit 0' 2>/dev/null && exit 0
bash -c '[ "$EPOCHREALTIME" ] || exit 1; echo "reader bash"; while IFS= read -r l; do [ -z "$l" ] || break; echo "$EPOCHREALTIME"; done' 2>/dev/null && exit 0
for python in python3 python; do
	command -v $python >/dev/null && $python -c 'import os, time
os.write(1, b"reader python\n")
while os.read(0, 1) == b"\n":
    os.write(1, ("%.6f\n" % time.time()).encode())' 2>/dev/null && exit 0
done
echo 'reader date'
while IFS= read -r l; do
	[ -z "$l" ] || break
	date +%s.%N || echo 'a date that fails'
done
