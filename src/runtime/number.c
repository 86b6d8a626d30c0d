/*
 * The digits are printf(3)'s, correctly rounded, as few as strtod(3) needs to
 * read the same number again. Both write and read the point of the locale,
 * which may be several bytes: it is passed over.
 */
#include "number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MOST = 17, PRINTED = 48, FIXED_MOST = 21, ZEROS_MOST = 6 };

struct digits {
	char at[DIGITS_MOST];
	int count;
	int point; /* behind that many digits; < 0: before zeros */
};

static bool
is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* The next larger number of as many digits; false: there is none of the same
 * length. */
static bool
step_up(char *printed)
{
	char *at = strchr(printed, 'e');

	while (at-- > printed) {
		if (!is_digit(*at))
			continue;
		if (*at < '9') {
			++*at;
			return true;
		}
		*at = '0';
	}
	return false;
}

/* Below a power of two doubles lie closer than above: there the nearest of so
 * many digits may be another number already, when the one above it is not. */
static bool
print(char printed[PRINTED], double value, int count)
{
	snprintf(printed, PRINTED, "%.*e", count - 1, value);
	if (strtod(printed, NULL) == value)
		return true;
	return step_up(printed) && strtod(printed, NULL) == value;
}

/* Every number of 15 digits is another double, so fewer are not tried; but of
 * the smallest ones, which have less precision. */
static void
find_digits(struct digits *digits, double value)
{
	char printed[PRINTED], *at = printed;
	int count = value < DBL_MIN ? 1 : DBL_DIG;

	while (!print(printed, value, count) && count < DIGITS_MOST)
		count++;
	for (digits->count = 0; *at != 'e'; at++)
		if (is_digit(*at))
			digits->at[digits->count++] = *at;
	digits->point = atoi(at + 1) + 1;
	while (digits->count > 1 && digits->at[digits->count - 1] == '0')
		digits->count--;
}

static char *
put(char *to, const char *bytes, int count)
{
	memcpy(to, bytes, (size_t)count);
	return to + count;
}

static char *
put_zeros(char *to, int count)
{
	memset(to, '0', (size_t)count);
	return to + count;
}

static char *
put_fixed(char *to, const struct digits *digits)
{
	int point = digits->point;

	if (point <= 0) {
		to = put_zeros(put(to, "0.", 2), -point);
		return put(to, digits->at, digits->count);
	}
	if (digits->count <= point) {
		to = put(to, digits->at, digits->count);
		return put_zeros(to, point - digits->count);
	}
	to = put(put(to, digits->at, point), ".", 1);
	return put(to, digits->at + point, digits->count - point);
}

static char *
put_exponent(char *to, const struct digits *digits)
{
	to = put(to, digits->at, 1);
	if (digits->count > 1) {
		*to++ = '.';
		to = put(to, digits->at + 1, digits->count - 1);
	}
	return to + sprintf(to, "e%+d", digits->point - 1);
}

size_t
number_write(char text[NUMBER_TEXT], double value)
{
	struct digits digits;
	char *to = text;

	if (value < 0)
		*to++ = '-';
	if (value == 0) {
		*to++ = '0';
		return (size_t)(to - text);
	}
	find_digits(&digits, fabs(value));
	if (digits.point > -ZEROS_MOST && digits.point <= FIXED_MOST)
		to = put_fixed(to, &digits);
	else
		to = put_exponent(to, &digits);
	return (size_t)(to - text);
}
