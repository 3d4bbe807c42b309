#!/bin/sh
# labels.sh: the part of the install script that labels tables and columns, from data/labels.csv, on standard output.
#
# A table's line has no column.  A label that leads through another table comes after that table's.
set -eu
cd "$(dirname "$0")/.."

echo "/* Built from data/labels.csv by sql/labels.sh. */"
awk -F, '
	NR == 1 { next }
	NF != 3 || /[\047"\\]/ { print "data/labels.csv:" NR ": malformed" > "/dev/stderr"; exit 1 }
	$2 == "" { printf "SECURITY LABEL FOR mesteri ON TABLE mesteri.%s IS \047%s\047;\n", $1, $3; next }
	{ printf "SECURITY LABEL FOR mesteri ON COLUMN mesteri.%s.%s IS \047%s\047;\n", $1, $2, $3 }
' data/labels.csv
