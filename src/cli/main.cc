#include "cli/program.h"

int main(int argc, char** argv) { return rangefinder::cli::run_program(argc, argv); }
