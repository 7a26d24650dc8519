/* SPDX-License-Identifier: Apache-2.0 */
/* A token, two pages of users of which the first is refused once and one item cannot be mapped, two
 * groups, and a page of members for each. */
#include "answers.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"

#define CURSOR                "{\"kind\":\"cursor\",\"ends\":[\"next_absent\"],\"next\":\"/next\"}"
#define FIELD(name, from)     "{\"to\":\"" name "\",\"from\":\"" from "\"}"
#define CONSTANT(name, value) "{\"to\":\"" name "\",\"from\":\"" value "\",\"source\":\"constant\"}"

const char *answers_declaration(void)
{
    return "{\"abi\":1,\"name\":\"small\",\"base_url\":\"https://api.example.com\","
           "\"auth\":{\"scheme\":\"client_credentials\",\"token_url\":\"{base_url}/token\","
           "\"username_parameter\":\"client\",\"secret_parameter\":\"key\"},"
           "\"parameters\":[{\"name\":\"client\",\"required\":true,\"default_value\":\"x\"},"
           "{\"name\":\"key\",\"secret\":true,\"required\":true}],"
           "\"streams\":[{\"name\":\"users\",\"request\":{\"path\":\"/users\"},\"items\":\"/"
           "items\","
           "\"paging\":" CURSOR ",\"yields\":[{\"kind\":\"account\",\"fields\":[" FIELD(
               "id", "/id") "," FIELD("display_name",
               "/name") "]}]},"
                        "{\"name\":\"groups\",\"request\":{\"path\":\"/groups\"},\"items\":\"/"
                        "items\","
                        "\"paging\":" CURSOR ",\"yields\":[{\"kind\":\"group\",\"fields\":[" FIELD(
                            "id", "/id") "," FIELD("display_name",
                            "/name") "]}]},"
                                     "{\"name\":\"members\",\"request\":{\"path\":\"/groups/"
                                     "{parent.id}/members\"},"
                                     "\"items\":\"/items\",\"paging\":" CURSOR
                                     ",\"parent\":{\"stream\":\"groups\","
                                     "\"fields\":[{\"name\":\"id\",\"from\":\"/"
                                     "id\"}]},\"yields\":[{\"kind\":\"grant\","
                                     "\"fields\":[" CONSTANT("subject_kind", "account") "," FIELD(
                                         "subject_id", "/id") "," CONSTANT("object_kind",
                                         "group") ","
                                                  "{\"to\":\"object_id\",\"from\":\"id\","
                                                  "\"source\":\"parent\"}," CONSTANT(
                                                      "permission", "member") "]}]}]}";
}

const char *answers_configuration(void)
{
    return "store = { path = \"store.db\"; };\nconnectors = { directory = \"/\"; };\n"
           "policy = { dead_letters_percent = 50; };\n"
           "connections = ( { name = \"small\"; connector = \"small\";\n"
           "  secrets = { key = \"env:MUSTER_TEST_KEY\"; }; } );\n";
}

struct page {
    const char *path, *query; /* query: NULL: none */
    const char *body;
};

#define USER(id, name) "{\"id\":\"" id "\",\"name\":\"" name "\"}"

/* The third user has its id twice: which one holds is not for us to say (fault 49). */
static const struct page pages[] = {
    {"/users", NULL,
        "{\"items\":[" USER("u1", "Ada") "," USER(
            "u2", "Bo") ",{\"id\":\"u3\",\"id\":\"u3\"}],\"next\":\"2\"}"},
    {"/users", "2", "{\"items\":[" USER("u4", "Cy") "," USER("u5", "Di") "]}"},
    {"/groups", NULL, "{\"items\":[" USER("g1", "Red") "," USER("g2", "Blue") "]}"},
    {"/groups/g1/members", NULL, "{\"items\":[" USER("u1", "Ada") "," USER("u4", "Cy") "]}"},
    {"/groups/g2/members", NULL, "{\"items\":[" USER("u2", "Bo") "]}"},
};

static const struct page *find_page(const char *url)
{
    const char *path = strchr(url + strlen("https://"), '/');
    size_t length = strcspn(path, "?");
    const char *cursor = strstr(path, "cursor=");
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strlen(pages[i].path) == length && strncmp(path, pages[i].path, length) == 0 &&
            (pages[i].query != NULL) == (cursor != NULL))
            return &pages[i];
    return NULL;
}

static bool fill(struct response *response, int status, const char *body)
{
    struct fault fault;
    response->status = status;
    return http_headers_add(
               &response->headers, SPAN("Content-Type"), SPAN("application/json"), &fault) &&
           bytes_append_text(&response->body, body, &fault);
}

struct response *answers_give(const struct request *request, int *users_asked)
{
    struct response *response = memory_allocate(sizeof *response);
    if (!response)
        return NULL;
    const struct page *page = find_page(request->url);
    bool filled;
    if (strstr(request->url, "/token"))
        filled = fill(response, 200,
            "{\"access_token\":\"t0k3n\",\"token_type\":\"bearer\",\"expires_in\":3600}");
    else if (page && page == &pages[0] && (*users_asked)++ == 0)
        filled = fill(response, 503, "{}");
    else
        filled = fill(response, page ? 200 : 404, page ? page->body : "{}");
    if (!filled) {
        http_headers_clear(&response->headers);
        bytes_free(&response->body);
        response->status = 0;
        response->exchange = EXCHANGE_LOCAL;
        (void)snprintf(response->why, sizeof response->why, "out of memory for a body");
    }
    return response;
}
