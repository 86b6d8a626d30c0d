#include "screen.h"
int screen_main(const struct options *options){(void)options;return 1;}
