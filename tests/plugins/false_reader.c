/* SPDX-License-Identifier: Apache-2.0 */
/* Readers that misbehave (fault 140), chosen by -DWAY_...: what a host must bear whose reader was
 * taken over. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define ANSWER 4

int main(void)
{
    static const char text[] =
#if defined(WAY_GARBAGE)
        "\xff\xfe nonsense";
#elif defined(WAY_LIE)
        "{\"abi\":1,\"name\":\"x\",\"nmae\":\"y\"}";
#elif defined(WAY_ESCAPE)
        "138 \033[2Jsentence\nsecond line";
#elif defined(WAY_NUMBER)
        "999 sentence";
#else
        "{\"abi\":1}";
#endif
#if defined(WAY_HANG)
    for (;;)
        (void)pause();
#elif defined(WAY_CRASH)
    (void)raise(SIGSEGV);
#elif defined(WAY_BABBLE)
    static char piece[65536];
    (void)memset(piece, 'x', sizeof piece);
    while (write(ANSWER, piece, sizeof piece) > 0)
        ;
#elif defined(WAY_SILENT)
    return text[0] == '\0';
#elif defined(WAY_MUTE)
    return text[0] != '\0';
#elif defined(WAY_LINGER)
        (void)!write(ANSWER, text, sizeof text - 1);
    (void)close(ANSWER);
    for (;;)
        (void)pause();
#else
        (void)!write(ANSWER, text, sizeof text - 1);
#endif
#if defined(WAY_ESCAPE) || defined(WAY_NUMBER)
    return 1;
#else
    return 0;
#endif
}
