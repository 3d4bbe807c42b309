# csv2sql.awk: the rows of a CSV file as an INSERT statement.
#
#	awk -v table=mesteri.counties -v columns='code, name' -f csv2sql.awk data/counties.csv
#
# The first line names the columns of the file; `columns` is an SQL list over those names, each a text value
# (NULL where the field is empty), so that conversions stand beside the table they belong to.
# Quoted fields may hold commas and doubled quotes, not line breaks.
function literal(field)
{
	if (field == "")
		return "NULL"
	gsub(/'/, "''", field)
	return "'" field "'"
}

function next_field(	quoted)
{
	if (substr(rest, 1, 1) == "\"")
	{
		match(rest, /^"([^"]|"")*"/)
		quoted = substr(rest, 2, RLENGTH - 2)
		rest = substr(rest, RLENGTH + 2)
		gsub(/""/, "\"", quoted)
		return quoted
	}
	match(rest, /^[^,]*/)
	quoted = substr(rest, 1, RLENGTH)
	rest = substr(rest, RLENGTH + 2)
	return quoted
}

FNR == 1 {
	names = $0
	width = split($0, unused, ",")
	gsub(/,/, ", ", names)
	printf "INSERT INTO %s\nSELECT %s\n  FROM (VALUES", table, columns
	next
}

{
	rest = $0
	printf "%s\n    (", FNR == 2 ? "" : ","
	for (i = 1; i <= width; i++)
		printf "%s%s", i == 1 ? "" : ", ", literal(next_field())
	printf ", %d)", FNR - 1
}

END { printf "\n  ) AS csv (%s, line);\n", names }
