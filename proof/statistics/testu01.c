/* Runs a battery of TestU01 1.2.3 on 32-bit words from standard input: testu01 small|crush|big */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bbattery.h>
#include <swrite.h>
#include <unif01.h>

static unsigned int next_word(void) {
  uint32_t word;
  if (fread(&word, sizeof word, 1, stdin) != 1) {
    fprintf(stderr, "testu01: the input ended\n");
    exit(1);
  }
  return word;
}

int main(int count, char **words) {
  const char *battery = count == 2 ? words[1] : "";
  unif01_Gen *gen = unif01_CreateExternGenBits("standard input", next_word);
  swrite_Basic = FALSE;
  if (strcmp(battery, "small") == 0) {
    bbattery_SmallCrush(gen);
  } else if (strcmp(battery, "crush") == 0) {
    bbattery_Crush(gen);
  } else if (strcmp(battery, "big") == 0) {
    bbattery_BigCrush(gen);
  } else {
    fprintf(stderr, "usage: testu01 small|crush|big\n");
    return 2;
  }
  unif01_DeleteExternGenBits(gen);
  return 0;
}
