/* Moves buffers through an AXI DMA in direct mode (AMD PG021), and makes and measures samples: the C part of api_c_library.ipynb. */

#include <stddef.h>
#include <stdint.h>

/* How the library reaches the core's registers: on a board, a few lines over a mapped pointer; here, functions that Python gives. */
struct mover_bus {
    void *context;
    uint32_t (*read)(void *context, uint32_t offset);
    void (*write)(void *context, uint32_t offset, uint32_t value);
};

enum { MOVER_OK = 0, MOVER_BAD_ARGUMENT = -1, MOVER_HARDWARE_ERROR = -2, MOVER_TIMEOUT = -3 };

/* Sends nbytes at source (physical address) into the stream while filling at most nbytes at destination (physical address) from it.
   Returns once both are done: the bytes received, or a negative code. polls is how often each channel's status is read at most. */
int64_t mover_transfer(const struct mover_bus *bus, uint64_t source, uint64_t destination, uint32_t nbytes, uint32_t polls);

/* A sine of the given period (samples) and amplitude with noise on it, into count samples. The same seed makes the same noise. */
void mover_noisy_sine(int16_t *samples, size_t count, double period, double amplitude, double noise, uint32_t seed);

/* Root mean square of the change from sample to sample: how rough a signal is. */
double mover_roughness(const int16_t *samples, size_t count);
