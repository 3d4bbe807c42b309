/*-------------------------------------------------------------------------
 *
 * untranslated.c
 *		gettext that translates nothing, preloaded by regress/sanitized.
 *
 * With a sanitizer's runtime preloaded glibc's own waits for itself in
 * bindtextdomain(), before the server's main() has got anywhere.
 *-------------------------------------------------------------------------
 */
#include <libintl.h>

#undef gettext
#undef dgettext
#undef dcgettext
#undef ngettext
#undef dngettext
#undef dcngettext

char *
bindtextdomain(const char *domain, const char *folder)
{
	return (char *) folder;
}

char *
bind_textdomain_codeset(const char *domain, const char *codeset)
{
	return (char *) codeset;
}

char *
textdomain(const char *domain)
{
	return (char *) domain;
}

char *
gettext(const char *text)
{
	return (char *) text;
}

char *
dgettext(const char *domain, const char *text)
{
	return (char *) text;
}

char *
dcgettext(const char *domain, const char *text, int category)
{
	return (char *) text;
}

char *
ngettext(const char *one, const char *many, unsigned long count)
{
	return (char *) (count == 1 ? one : many);
}

char *
dngettext(const char *domain, const char *one, const char *many, unsigned long count)
{
	return ngettext(one, many, count);
}

char *
dcngettext(const char *domain, const char *one, const char *many, unsigned long count, int category)
{
	return ngettext(one, many, count);
}
