/* SPDX-License-Identifier: Apache-2.0 */
/* A sound declaration in canonical JSON, and a way to spoil it in one place. */
#ifndef MUSTER_TESTS_SAMPLE_H
#define MUSTER_TESTS_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE                                                                                    \
    "{\"abi\":1,\"name\":\"acme\","                                                               \
    "\"parameters\":[{\"name\":\"tenant\",\"pattern\":\"[a-z]+\",\"required\":true},"             \
    "{\"name\":\"token\",\"required\":true,\"secret\":true},{\"name\":\"filter\"}],"              \
    "\"base_url\":\"https://{tenant}.example.com/v2\","                                           \
    "\"auth\":{\"scheme\":\"bearer\",\"secret_parameter\":\"token\"},"                            \
    "\"envelope\":{\"code\":\"/error\"},"                                                         \
    "\"error_words\":[{\"status\":403,\"class\":\"throttled\",\"code\":\"slow\"}],"               \
    "\"streams\":[{\"name\":\"users\",\"request\":{\"path\":\"/users\","                          \
    "\"query\":[{\"name\":\"q\",\"value\":\"{filter}\"}]},"                                       \
    "\"items\":\"/data\",\"paging\":{\"kind\":\"number\",\"ends\":[\"empty_page\"],\"size\":50}," \
    "\"yields\":[{\"kind\":\"account\",\"fields\":[{\"to\":\"id\",\"from\":\"/id\"},"             \
    "{\"to\":\"login\",\"from\":\"/login\"},"                                                     \
    "{\"to\":\"status\",\"from\":\"/state\",\"values\":[{\"from\":\"on\",\"to\":\"active\"},"     \
    "{\"from\":\"off\",\"to\":\"disabled\"}]},"                                                   \
    "{\"to\":\"created_at\",\"from\":\"/created\",\"time_format\":\"epoch_s\"},"                  \
    "{\"to\":\"class\",\"from\":\"human\",\"source\":\"constant\"}]}],"                           \
    "\"read_one\":{\"request\":{\"path\":\"/users/{id}\"},\"gone_status\":[404]}},"               \
    "{\"name\":\"members\",\"request\":{\"path\":\"/users/{parent.id}/groups\"},"                 \
    "\"parent\":{\"stream\":\"users\",\"fields\":[{\"name\":\"id\",\"from\":\"/id\"}]},"          \
    "\"yields\":[{\"kind\":\"grant\",\"fields\":[{\"to\":\"subject_kind\",\"from\":\"account\","  \
    "\"source\":\"constant\"},"                                                                   \
    "{\"to\":\"subject_id\",\"from\":\"id\",\"source\":\"parent\"},"                              \
    "{\"to\":\"object_kind\",\"from\":\"group\",\"source\":\"constant\"},"                        \
    "{\"to\":\"object_id\",\"from\":\"/group\"}]}]}]}"

/* SAMPLE with the first `from` replaced; the caller frees it. Ends the test where there is none. */
static inline char *sample_edit(const char *from, const char *to)
{
    static const char sample[] = SAMPLE;
    const char *at = strstr(sample, from);
    size_t size = sizeof sample + strlen(to);
    char *text = malloc(size);
    if (!at || !text) {
        (void)fprintf(stderr, "the sample has no %s\n", from);
        abort();
    }
    (void)snprintf(text, size, "%.*s%s%s", (int)(at - sample), sample, to, at + strlen(from));
    return text;
}

#endif
