/* @TITLE@ */
#include "driver.h"

#include <math.h>
#include <string.h>

enum { ROWS = @ROWS@, COLUMNS = @COLUMNS@, A_WIDTH = @A_WIDTH@, C_BYTES = @C_BYTES@ };
#define POLLS 1000

typedef struct {
    uint32_t group, top, bottom, first, last, left, right, keep, b, b_size, p, p_size;
} run;

typedef struct {
    uint32_t rows, depth, columns, groups, control;
    const run *runs;
    uint32_t run_count;
    const double *scale, *correction; /* of each column, or 0 */
    int clips;
    double low, high;
    float zero;
    int convolves;
    uint32_t channels, height, width, out_height, out_width;
    uint32_t kernel[2], strides[2], dilations[2];
    uint32_t above, before;
} product;

@TENSORS@static double sums[@SUMS@];
static uint8_t a_frame[@A_FRAME@], c_frame[@C_FRAME@];

@CODES@

/* A number of the operand A. */
static float operand(const product *of, const float *x, uint32_t group, uint32_t row, uint32_t k)
{
    if (!of->convolves)
        return x[(size_t)row * of->depth + k];
    uint32_t area = of->kernel[0] * of->kernel[1], plane = of->out_height * of->out_width;
    uint32_t channel = group * (of->channels / of->groups) + k / area, image = row / plane;
    long y = (long)(row % plane / of->out_width) * of->strides[0] + (long)(k % area / of->kernel[1]) * of->dilations[0];
    long at = (long)(row % of->out_width) * of->strides[1] + (long)(k % of->kernel[1]) * of->dilations[1];
    y -= of->above;
    at -= of->before;
    if (y < 0 || at < 0 || y >= (long)of->height || at >= (long)of->width)
        return of->zero;
    return x[((size_t)(image * of->channels + channel) * of->height + (size_t)y) * of->width + (size_t)at];
}

/* The frame of A: tiles of ROWS rows going down, of each its columns, the first code in the lowest bits. */
static size_t pack(const product *of, const run *now, const float *x)
{
    size_t word = (ROWS * A_WIDTH + 7) / 8, at = 0;
    for (uint32_t top = now->top; top < now->bottom; top += ROWS)
        for (uint32_t k = now->first; k < now->last; k++, at += word) {
            memset(a_frame + at, 0, word);
            for (uint32_t lane = 0; lane < ROWS && top + lane < now->bottom; lane++) {
                uint32_t code = encode(operand(of, x, now->group, top + lane, k));
                for (uint32_t bit = 0; bit < A_WIDTH; bit++) {
                    size_t place = (size_t)lane * A_WIDTH + bit;
                    a_frame[at + place / 8] |= (uint8_t)((code >> bit & 1u) << place % 8);
                }
            }
        }
    return at;
}

/* The slots of C, tile by tile, added to the sums. */
static void unpack(const product *of, const run *now)
{
    const uint8_t *slot = c_frame;
    for (uint32_t top = now->top; top < now->bottom; top += ROWS)
        for (uint32_t left = now->left; left < now->right; left += COLUMNS)
            for (uint32_t row = top; row < top + ROWS && row < now->bottom; row++)
                for (uint32_t n = left; n < left + COLUMNS && n < now->right; n++, slot += C_BYTES)
                    sums[((size_t)row * of->groups + now->group) * of->columns + n] += decode(slot);
}

static void set(const macsmith_device *device, uint32_t address, uint32_t value)
{
    device->access(device->context, 1, address, value);
}

static int status(const macsmith_device *device)
{
    uint32_t shown = 0;
    for (int poll = 0; poll < POLLS && !(shown & 1u); poll++)
        shown = device->access(device->context, 0, MACSMITH_STATUS_ADDRESS, 0);
    /* Idle and done, and no error. */
    return shown == 3u ? MACSMITH_OK : MACSMITH_STATUS;
}

static int multiply(
    const macsmith_device *device, const uint8_t *weights, const product *of, const float *x, float *y)
{
    uint32_t every = of->groups * of->columns;
    memset(sums, 0, sizeof(double) * of->rows * every);
    for (uint32_t number = 0; number < of->run_count; number++) {
        const run *now = &of->runs[number];
        uint32_t m = now->bottom - now->top, n = now->right - now->left;
        macsmith_frames frames = {
            a_frame, weights + now->b, weights + now->p, pack(of, now, x), now->b_size, now->p_size,
            c_frame, (size_t)m * n * C_BYTES};
        set(device, MACSMITH_M_ADDRESS, m);
        set(device, MACSMITH_K_ADDRESS, now->last - now->first);
        set(device, MACSMITH_N_ADDRESS, n);
        set(device, MACSMITH_CONTROL_ADDRESS, of->control | now->keep);
        set(device, MACSMITH_COMMAND_ADDRESS, 1);
        if (device->stream(device->context, &frames))
            return MACSMITH_STREAM;
        int wrong = status(device);
        if (wrong)
            return wrong;
        unpack(of, now);
    }
    uint32_t plane = of->convolves ? of->out_height * of->out_width : 1;
    for (uint32_t row = 0; row < of->rows; row++)
        for (uint32_t n = 0; n < every; n++) {
            double found = sums[(size_t)row * every + n];
            if (of->correction)
                found -= of->correction[n];
            if (of->scale)
                found *= of->scale[n];
            if (of->clips)
                found = found < of->low ? of->low : found > of->high ? of->high : found;
            y[((size_t)(row / plane) * every + n) * plane + row % plane] = (float)found;
        }
    return MACSMITH_OK;
}

@HOST@
@TABLES@

int macsmith_check(const macsmith_device *device)
{
    static const uint32_t known[][2] = {@KNOWN@};
    for (size_t place = 0; place < sizeof known / sizeof known[0]; place++)
        if (device->access(device->context, 0, known[place][0], 0) != known[place][1])
            return MACSMITH_OTHER_CORE;
    return MACSMITH_OK;
}

int macsmith_run(const macsmith_device *device, const uint8_t *weights, const float *input, float *output)
{
    int wrong;
@RUN@
    return MACSMITH_OK;
}
