/* A core that is somebody else: what the driver asks for goes to standard output, answers come from standard input. */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>

static void word(uint32_t value)
{
    fwrite(&value, 4, 1, stdout);
}

static uint32_t access_register(void *context, int write, uint32_t address, uint32_t value)
{
    (void)context;
    putchar(write ? 'w' : 'r');
    word(address);
    if (write) {
        word(value);
        return 0;
    }
    fflush(stdout);
    return fread(&value, 4, 1, stdin) == 1 ? value : 0;
}

static int stream(void *context, const macsmith_frames *frames)
{
    (void)context;
    putchar('s');
    word((uint32_t)frames->a_size);
    word((uint32_t)frames->b_size);
    word((uint32_t)frames->p_size);
    word((uint32_t)frames->c_size);
    fwrite(frames->a, 1, frames->a_size, stdout);
    fwrite(frames->b, 1, frames->b_size, stdout);
    fwrite(frames->p, 1, frames->p_size, stdout);
    fflush(stdout);
    return fread(frames->c, 1, frames->c_size, stdin) != frames->c_size;
}

static float input[MACSMITH_INPUTS], output[MACSMITH_OUTPUTS];
static uint8_t weights[MACSMITH_FRAMES];

int main(int count, char **names)
{
    macsmith_device device = {NULL, access_register, stream};
    FILE *file = fopen(names[1], "rb");
    if (count != 3 || !file || fread(weights, 1, sizeof weights, file) != sizeof weights || fclose(file))
        return 100;
    file = fopen(names[2], "rb");
    if (!file || fread(input, 4, MACSMITH_INPUTS, file) != MACSMITH_INPUTS || fclose(file))
        return 101;
    int wrong = macsmith_check(&device);
    if (!wrong)
        wrong = macsmith_run(&device, weights, input, output);
    putchar('e');
    word((uint32_t)wrong);
    fwrite(output, 4, MACSMITH_OUTPUTS, stdout);
    return 0;
}
