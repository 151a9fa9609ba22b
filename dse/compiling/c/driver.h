/* @TITLE@
 *
 * C99, without allocation and without other files than weights/frames.bin, which the caller has somewhere in memory.
 * Link with -lm. Not reentrant: tensors and frames are static.
 */
#ifndef MACSMITH_DRIVER_H
#define MACSMITH_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#define MACSMITH_INPUTS @INPUTS@u /* float: @INPUT@ */
#define MACSMITH_OUTPUTS @OUTPUTS@u /* float: @OUTPUT@ */
#define MACSMITH_FRAMES @FRAMES@u /* bytes of weights/frames.bin */

/* Registers, by byte address. */
@REGISTERS@

/* The frames of a run. The core takes a, b and p side by side, as it needs them, while it gives c: begin all transfers
 * before waiting for any. TLAST goes with each frame's last word. A frame of size 0 is not sent. */
typedef struct {
    const uint8_t *a, *b, *p;
    size_t a_size, b_size, p_size;
    uint8_t *c; /* the bytes of m_axis that TKEEP marks */
    size_t c_size;
} macsmith_frames;

/* The way to the core. */
typedef struct {
    void *context;
    /* A register of AXI4-Lite: write the value, or read it and return it. */
    uint32_t (*access)(void *context, int write, uint32_t address, uint32_t value);
    /* The frames of a run that was started; 0 if all have passed. */
    int (*stream)(void *context, const macsmith_frames *frames);
} macsmith_device;

enum {
    MACSMITH_OK = 0,
    MACSMITH_OTHER_CORE = 1, /* the registers are those of another core */
    MACSMITH_STREAM = 2,     /* the stream function failed */
    MACSMITH_STATUS = 3      /* the core says that a run went wrong: read STATUS */
};

/* MACSMITH_OK if the device is a core as this program is for. */
int macsmith_check(const macsmith_device *device);

/* What the network makes of an input. `weights` are the bytes of weights/frames.bin. */
int macsmith_run(const macsmith_device *device, const uint8_t *weights, const float *input, float *output);

#endif
