/* The least that a forked program can do: a byte to whoever started it. */
#include <unistd.h>

int
main(void)
{
	return write(3, "x", 1) == 1 ? 0 : 1;
}
