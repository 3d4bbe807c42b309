# errcodes.awk: data/errors.csv as C macros, one per slug: MSERR_INVALID_FIELD is the SQLSTATE of invalid_field.
BEGIN {
	print "/* Built from data/errors.csv by extension/errcodes.awk. */"
	FS = ","
}
FNR > 1 {
	split($4, states, " ")
	code = states[1]
	printf "#define MSERR_%-24s MAKE_SQLSTATE('%s', '%s', '%s', '%s', '%s')\n", toupper($1), substr(code, 1, 1),
	       substr(code, 2, 1), substr(code, 3, 1), substr(code, 4, 1), substr(code, 5, 1)
}
