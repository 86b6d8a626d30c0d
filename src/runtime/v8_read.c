#include "v8_read.h"

#include "core/text.h"

#include <errno.h>
#include <math.h>

/* ---- parts ---- */

void *
v8_fail(struct v8_reader *reader, int error)
{
	if (!reader->error)
		reader->error = error;
	return NULL;
}

size_t
v8_left(const struct v8_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* A tag, behind padding; -1: there is none. */
int
v8_take_tag(struct v8_reader *reader)
{
	while (reader->at < reader->end && *reader->at == V8_PADDING)
		reader->at++;
	return reader->at < reader->end ? *reader->at++ : -1;
}

int
v8_peek_tag(struct v8_reader *reader)
{
	int tag = v8_take_tag(reader);

	if (tag >= 0)
		reader->at--;
	return tag;
}

/* Seven bits a byte, the lowest first; the top bit says that more follow. */
bool
v8_take_varint(struct v8_reader *reader, uint32_t *value)
{
	*value = 0;
	for (int shift = 0; shift < 32; shift += 7) {
		unsigned char byte;

		if (reader->at == reader->end)
			break;
		byte = *reader->at++;
		*value |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	v8_fail(reader, -EPROTO);
	return false;
}

const unsigned char *
v8_take_bytes(struct v8_reader *reader, size_t size)
{
	const unsigned char *start = reader->at;

	if (v8_left(reader) < size)
		return v8_fail(reader, -EPROTO);
	reader->at += size;
	return start;
}

static bool
take_double(struct v8_reader *reader, double *value)
{
	const unsigned char *bytes = v8_take_bytes(reader, sizeof(*value));

	if (bytes)
		memcpy(value, bytes, sizeof(*value));
	return bytes != NULL;
}

/* ---- numbers ---- */

/* JavaScript has one kind of number; what is whole is an integer here, as it
 * would be in JSON. */
static json_t *
number_of(double value)
{
	static const double most = 9007199254740992.0;

	if (!isfinite(value))
		return json_null();
	if (value >= -most && value <= most && value == floor(value) &&
	    !(value == 0 && signbit(value)))
		return json_integer((json_int_t)value);
	return json_real(value);
}

json_t *
v8_read_number(struct v8_reader *reader, int tag)
{
	uint32_t number;
	double value;

	if (tag == V8_DOUBLE || tag == V8_DATE || tag == V8_NUMBER_OBJECT)
		return take_double(reader, &value) ? number_of(value) : NULL;
	if (!v8_take_varint(reader, &number))
		return NULL;
	if (tag == V8_UINT32)
		return json_integer(number);
	return json_integer((int32_t)(number >> 1) ^ -(int32_t)(number & 1));
}

/* A bit of sign, the number of bytes above it, then the bytes. */
json_t *
v8_read_bigint(struct v8_reader *reader)
{
	const unsigned char *bytes;
	uint64_t value = 0;
	uint32_t field;
	size_t size;

	if (!v8_take_varint(reader, &field))
		return NULL;
	size = field >> 1;
	bytes = v8_take_bytes(reader, size);
	if (!bytes)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		if (i >= sizeof(value) && bytes[i])
			return v8_fail(reader, -ENOTSUP);
		if (i < sizeof(value))
			value |= (uint64_t)bytes[i] << (8 * i);
	}
	if (value > INT64_MAX)
		return v8_fail(reader, -ENOTSUP);
	return json_integer(field & 1 ? -(json_int_t)value : (json_int_t)value);
}

/* ---- strings ---- */

static void
add_point(struct v8_reader *reader, uint32_t point)
{
	char bytes[4];
	size_t size = text_encode(point, bytes);

	bytes_add(&reader->text, bytes, size);
}

static bool
is_ascii(const unsigned char *bytes, size_t size)
{
	unsigned char any = 0;

	for (size_t i = 0; i < size; i++)
		any |= bytes[i];
	return any < 0x80;
}

/* A surrogate without its other half is U+FFFD. */
static void
add_two_byte(struct v8_reader *reader, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += 2) {
		uint32_t unit = bytes[i] | (uint32_t)bytes[i + 1] << 8, low;

		low = i + 2 < size ? bytes[i + 2] | (uint32_t)bytes[i + 3] << 8
		                   : 0;
		if (unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 &&
		    low < 0xe000) {
			unit =
			    0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (unit >= 0xd800 && unit < 0xe000) {
			unit = TEXT_REPLACEMENT;
		}
		add_point(reader, unit);
	}
}

static void
add_utf8(struct v8_reader *reader, const unsigned char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		uint32_t point;

		at += text_decode((const char *)bytes + at, size - at, &point);
		add_point(reader, point);
	}
}

/* Behind its tag. The piece is valid until the next string. */
bool
v8_read_string(struct v8_reader *reader, int tag, struct v8_piece *piece)
{
	const unsigned char *bytes;
	uint32_t size;

	if (!v8_take_varint(reader, &size))
		return false;
	bytes = v8_take_bytes(reader, size);
	if (!bytes)
		return false;
	*piece = (struct v8_piece){(const char *)bytes, size};
	if (tag != V8_TWO_BYTE && is_ascii(bytes, size))
		return true;
	if (tag == V8_TWO_BYTE && size % 2)
		return v8_fail(reader, -EPROTO) != NULL;
	reader->text.used = 0;
	if (tag == V8_TWO_BYTE)
		add_two_byte(reader, bytes, size);
	else if (tag == V8_UTF8)
		add_utf8(reader, bytes, size);
	else
		for (size_t i = 0; i < size; i++)
			add_point(reader, bytes[i]);
	*piece = (struct v8_piece){reader->text.at ? reader->text.at : "",
	                           reader->text.used};
	return !reader->text.failed || v8_fail(reader, -ENOMEM);
}

json_t *
v8_read_text(struct v8_reader *reader, int tag)
{
	struct v8_piece piece;

	return v8_read_string(reader, tag, &piece)
	           ? json_stringn_nocheck(piece.at, piece.size)
	           : NULL;
}

bool
v8_is_string(int tag)
{
	return tag == V8_ONE_BYTE || tag == V8_TWO_BYTE || tag == V8_UTF8;
}
