/* The tags of V8's ValueSerializer that are read or written here. */
#ifndef RUNTIME_V8_TAGS_H
#define RUNTIME_V8_TAGS_H

enum v8_tag {
	V8_PADDING = '\0',
	V8_VERSION = 0xff,
	V8_COUNT_CHECK = '?',
	V8_HOLE = '-',
	V8_UNDEFINED = '_',
	V8_NULL = '0',
	V8_TRUE = 'T',
	V8_FALSE = 'F',
	V8_INT32 = 'I',
	V8_UINT32 = 'U',
	V8_DOUBLE = 'N',
	V8_BIGINT = 'Z',
	V8_UTF8 = 'S',
	V8_ONE_BYTE = '"',
	V8_TWO_BYTE = 'c',
	V8_REFERENCE = '^',
	V8_OBJECT = 'o',
	V8_OBJECT_END = '{',
	V8_SPARSE = 'a',
	V8_SPARSE_END = '@',
	V8_DENSE = 'A',
	V8_DENSE_END = '$',
	V8_DATE = 'D',
	V8_TRUE_OBJECT = 'y',
	V8_FALSE_OBJECT = 'x',
	V8_NUMBER_OBJECT = 'n',
	V8_STRING_OBJECT = 's',
	V8_ARRAY_BUFFER = 'B',
	V8_HOST_OBJECT = '\\',
};

enum { V8_OLDEST = 13, V8_NEWEST = 15 };

/* What Node writes behind V8_HOST_OBJECT. */
enum { HOST_VIEW, HOST_PLAIN };

/* Kinds of view whose elements are bytes. */
enum { VIEW_UINT8 = 1, VIEW_UINT8_CLAMPED = 2, VIEW_BUFFER = 10 };

#endif
