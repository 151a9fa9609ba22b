/* section encode_integer */
static uint32_t encode(float number)
{
    return (uint32_t)(int32_t)number & @A_MASK@u;
}
/* section encode_listed */
static uint32_t encode(float number)
{
    static const float numbers[] = {@A_SORTED@};
    static const uint16_t codes[] = {@A_ORDER@};
    size_t low = 0, high = sizeof codes / sizeof codes[0];
    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (numbers[middle] <= number)
            low = middle;
        else
            high = middle;
    }
    return codes[low];
}
/* section decode_integer */
static double decode(const uint8_t *slot)
{
    double number = 0;
    for (int place = 0; place < C_BYTES; place += 4) {
        int64_t word = 0;
        int bytes = C_BYTES - place < 4 ? C_BYTES - place : 4;
        for (int byte = 0; byte < bytes; byte++)
            word |= (int64_t)slot[place + byte] << 8 * byte;
        if (@C_SIGNED@ && place + 4 >= C_BYTES && word >> (8 * bytes - 1))
            word -= (int64_t)1 << 8 * bytes;
        number += ldexp((double)word, 8 * place);
    }
    return ldexp(number, @C_LSB@);
}
/* section decode_listed */
static double decode(const uint8_t *slot)
{
    static const float numbers[] = {@C_VALUES@};
    return numbers[slot[0] | (C_BYTES > 1 ? slot[C_BYTES - 1] << 8 : 0)];
}
/* section nearest_even */
static float nearest_even(float number)
{
    float whole = floorf(number), rest = number - whole;
    if (rest > 0.5f || (rest == 0.5f && fmodf(whole, 2.0f) != 0.0f))
        whole += 1.0f;
    return copysignf(whole, number);
}
/* section nearest_away */
static float nearest_away(float number)
{
    return copysignf(floorf(fabsf(number) + 0.5f), number);
}
/* section toward_zero */
static float toward_zero(float number)
{
    return truncf(number);
}
/* section up */
static float up(float number)
{
    return ceilf(number);
}
/* section down */
static float down(float number)
{
    return floorf(number);
}
/* section quantise */
static void quantise(
    const float *x, float *y, size_t count, float scale, float before, float after, float low, float high,
    float (*rounded)(float))
{
    for (size_t n = 0; n < count; n++) {
        float scaled = x[n] / scale + before;
        y[n] = rounded(scaled < low ? low : scaled > high ? high : scaled) + after;
    }
}
/* section quantise_float */
static void quantise_float(
    const float *x, float *y, size_t count, float scale, int mantissa, int least, float low, float high)
{
    for (size_t n = 0; n < count; n++) {
        int exponent;
        float scaled = x[n] / scale;
        frexpf(scaled, &exponent);
        int lsb = (exponent - 1 > least ? exponent - 1 : least) - mantissa;
        float found = ldexpf(nearest_even(ldexpf(scaled, -lsb)), lsb);
        y[n] = found < low ? low : found > high ? high : found;
    }
}
/* section quantise_binary */
static void quantise_binary(const float *x, float *y, size_t count)
{
    for (size_t n = 0; n < count; n++)
        y[n] = x[n] >= 0 ? 1.0f : -1.0f;
}
/* section dequantise */
static void dequantise(const float *x, float *y, size_t count, float scale, float zero)
{
    for (size_t n = 0; n < count; n++)
        y[n] = (x[n] - zero) * scale;
}
/* section add */
static void add(const float *x, float *y, size_t count, const float *values, size_t period, size_t inner)
{
    for (size_t n = 0; n < count; n++)
        y[n] = x[n] + values[n / inner % period];
}
/* section subtract */
static void subtract(const float *x, float *y, size_t count, const float *values, size_t period, size_t inner)
{
    for (size_t n = 0; n < count; n++)
        y[n] = x[n] - values[n / inner % period];
}
/* section multiply */
static void scale(const float *x, float *y, size_t count, const float *values, size_t period, size_t inner)
{
    for (size_t n = 0; n < count; n++)
        y[n] = x[n] * values[n / inner % period];
}
/* section divide */
static void divide(const float *x, float *y, size_t count, const float *values, size_t period, size_t inner)
{
    for (size_t n = 0; n < count; n++)
        y[n] = x[n] / values[n / inner % period];
}
/* section relu */
static void relu(const float *x, float *y, size_t count, float floor)
{
    for (size_t n = 0; n < count; n++)
        y[n] = x[n] > floor ? x[n] : floor;
}
/* section maxpool */
static void maxpool(const float *x, float *y, size_t planes, const long *in, const long *out, const long *window)
{
    /* in, out: height, width; window: height, width, steps down and across, rows above, columns before. */
    for (size_t plane = 0; plane < planes; plane++, x += in[0] * in[1])
        for (long row = 0; row < out[0]; row++)
            for (long column = 0; column < out[1]; column++) {
                float found = -INFINITY;
                for (long place = 0; place < window[0] * window[1]; place++) {
                    long down = row * window[2] + place / window[1] - window[4];
                    long across = column * window[3] + place % window[1] - window[5];
                    if (down >= 0 && across >= 0 && down < in[0] && across < in[1])
                        found = fmaxf(found, x[down * in[1] + across]);
                }
                *y++ = found;
            }
}
/* section moved */
static void moved(
    const float *x, float *y, size_t count, int rank, const size_t *shape, const size_t *steps, const size_t *factors)
{
    for (size_t n = 0; n < count; n++) {
        size_t rest = n, from = 0;
        for (int axis = rank - 1; axis >= 0; axis--) {
            from += rest % shape[axis] / factors[axis] * steps[axis];
            rest /= shape[axis];
        }
        y[n] = x[from];
    }
}
/* section softmax */
static void softmax(const float *x, float *y, size_t lines, size_t count)
{
    for (; lines; lines--, x += count, y += count) {
        float largest = x[0], total = 0;
        for (size_t n = 1; n < count; n++)
            largest = fmaxf(largest, x[n]);
        for (size_t n = 0; n < count; n++)
            total += y[n] = expf(x[n] - largest);
        for (size_t n = 0; n < count; n++)
            y[n] /= total;
    }
}
/* section copy */
static void copy(const float *x, float *y, size_t count)
{
    memcpy(y, x, sizeof(float) * count);
}
/* section end */
