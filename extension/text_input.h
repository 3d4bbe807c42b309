/*-------------------------------------------------------------------------
 *
 * text_input.h
 *		Text as people type it, brought into one form.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESTERI_TEXT_INPUT_H
#define MESTERI_TEXT_INPUT_H

typedef enum TextForm
{
	TEXT_VERBATIM, /* NFC only: passwords, tokens */
	TEXT_LINE,     /* trimmed, no line break */
	TEXT_PARAGRAPH /* trimmed, line breaks and tabs kept */
} TextForm;

extern char *text_input(const char *typed, TextForm form);

#endif /* MESTERI_TEXT_INPUT_H */
