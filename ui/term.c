int term_placeholder(void); int term_placeholder(void){return 0;}
