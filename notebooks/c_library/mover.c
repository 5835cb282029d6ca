#include "mover.h"

#include <math.h>

/* Register offsets: PG021, "AXI DMA Register Address Map, Direct Register Mode". */
enum { MM2S = 0x00, S2MM = 0x30 };
enum { DMACR = 0x00, DMASR = 0x04, ADDRESS = 0x18, ADDRESS_MSB = 0x1C, LENGTH = 0x28 };
enum { RUN = 1u << 0, IDLE = 1u << 1, ERRORS = 7u << 4, CLEAR_INTERRUPTS = 7u << 12 };

static uint32_t get(const struct mover_bus *bus, uint32_t offset) { return bus->read(bus->context, offset); }

static void put(const struct mover_bus *bus, uint32_t offset, uint32_t value) { bus->write(bus->context, offset, value); }

static void start(const struct mover_bus *bus, uint32_t channel, uint64_t address, uint32_t nbytes)
{
    put(bus, channel + DMACR, get(bus, channel + DMACR) | RUN);
    put(bus, channel + DMASR, CLEAR_INTERRUPTS);
    put(bus, channel + ADDRESS, (uint32_t)address);
    if (address >> 32)
        put(bus, channel + ADDRESS_MSB, (uint32_t)(address >> 32));
    put(bus, channel + LENGTH, nbytes);
}

static int finish(const struct mover_bus *bus, uint32_t channel, uint32_t polls)
{
    while (polls--) {
        uint32_t status = get(bus, channel + DMASR);
        if (status & ERRORS)
            return MOVER_HARDWARE_ERROR;
        if (status & IDLE)
            return MOVER_OK;
    }
    return MOVER_TIMEOUT;
}

int64_t mover_transfer(const struct mover_bus *bus, uint64_t source, uint64_t destination, uint32_t nbytes, uint32_t polls)
{
    if (!bus || !source || !destination || !nbytes)
        return MOVER_BAD_ARGUMENT;
    start(bus, S2MM, destination, nbytes); /* the receiver first, so that nothing waits */
    start(bus, MM2S, source, nbytes);
    int sent = finish(bus, MM2S, polls);
    int received = finish(bus, S2MM, polls);
    if (sent != MOVER_OK)
        return sent;
    if (received != MOVER_OK)
        return received;
    return get(bus, S2MM + LENGTH);
}

void mover_noisy_sine(int16_t *samples, size_t count, double period, double amplitude, double noise, uint32_t seed)
{
    const double turn = 6.283185307179586;
    uint32_t state = seed ? seed : 1;
    for (size_t n = 0; n < count; n++) {
        state ^= state << 13; /* xorshift32 */
        state ^= state >> 17;
        state ^= state << 5;
        double value = amplitude * sin(turn * (double)n / period) + noise * ((double)state / 2147483648.0 - 1.0);
        samples[n] = (int16_t)fmax(-32768.0, fmin(32767.0, value));
    }
}

double mover_roughness(const int16_t *samples, size_t count)
{
    if (count < 2)
        return 0.0;
    double sum = 0.0;
    for (size_t n = 1; n < count; n++) {
        double change = (double)samples[n] - (double)samples[n - 1];
        sum += change * change;
    }
    return sqrt(sum / (double)(count - 1));
}
