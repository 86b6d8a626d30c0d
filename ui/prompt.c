#include "prompt.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 64 };

void
prompt_init(struct prompt *prompt, const char *title, const char *usual,
            bool number)
{
	memset(prompt, 0, sizeof(*prompt));
	snprintf(prompt->title, sizeof(prompt->title), "%s", title);
	snprintf(prompt->text, sizeof(prompt->text), "%s", usual);
	prompt->number = number;
	prompt->fresh = true;
}

/* Takes off the last character, all its bytes. */
static void
shorten(struct prompt *prompt)
{
	size_t length = strlen(prompt->text);

	while (length > 0 && (prompt->text[length - 1] & 0xc0) == 0x80)
		length--;
	prompt->text[length > 0 ? length - 1 : 0] = '\0';
}

static void
type(struct prompt *prompt, uint32_t point)
{
	size_t used;
	char bytes[4];
	size_t length = text_encode(point, bytes);

	if (prompt->number && (point < '0' || point > '9'))
		return;
	if (prompt->fresh)
		prompt->text[0] = '\0';
	prompt->fresh = false;
	used = strlen(prompt->text);
	if (used + length >= sizeof(prompt->text))
		return;
	memcpy(prompt->text + used, bytes, length);
	prompt->text[used + length] = '\0';
}

enum prompt_state
prompt_key(struct prompt *prompt, const struct key *key)
{
	switch (key->code) {
	case KEY_CODE_ENTER:
		return PROMPT_DONE;
	case KEY_ESC:
	case 3: /* ^C */
		return PROMPT_LEFT;
	case KEY_CODE_BACKSPACE:
		shorten(prompt);
		prompt->fresh = false;
		return PROMPT_TYPING;
	case 21: /* ^U */
		prompt->text[0] = '\0';
		prompt->fresh = false;
		return PROMPT_TYPING;
	case KEY_CODE_RIGHT:
	case KEY_CODE_END:
		prompt->fresh = false;
		return PROMPT_TYPING;
	default:
		break;
	}
	if (key->code >= ' ' && key->code < KEY_CODES && !key->modifiers)
		type(prompt, key->code);
	return PROMPT_TYPING;
}

void
prompt_draw(const struct prompt *prompt, const struct area *area)
{
	int cols = area->rect.cols < WIDTH ? area->rect.cols : WIDTH;
	struct rect rect = {(area->rect.rows - 4) / 2,
	                    (area->rect.cols - cols) / 2, 4, cols};
	struct area box = area_inside(area, rect);
	int room = cols - 4, width = canvas_width(prompt->text), col;
	const char *text = prompt->text;

	for (int row = 0; row < 4; row++)
		area_fill(&box, row, 0, cols, ' ', STYLE_PLAIN);
	area_frame(&box, prompt->title, true);
	area_fill(&box, 1, 2, room, ' ', STYLE_INPUT);
	/* The end of a long text is what is being typed. */
	while (width > room - 1 && *text) {
		uint32_t point;

		text += text_decode(text, strlen(text), &point);
		width = canvas_width(text);
	}
	col = area_cut(&box, 1, 2, room,
	               prompt->fresh ? STYLE_CHOICE : STYLE_INPUT, text);
	area_put(&box, 1, col, 0x2588, STYLE_INPUT);
	area_text(&box, 2, 2, STYLE_LABEL, "Enter does it   Esc leaves");
}
