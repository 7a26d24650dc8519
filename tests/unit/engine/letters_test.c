/* SPDX-License-Identifier: Apache-2.0 */
/* The share of dead letters above which a run is partial. */
#include "driver.h"

/* One page: so many records that can be mapped, then so many that cannot (no id). */
static struct response *serve(struct driver *driver, const char *url)
{
    const int *counts = driver->context;
    struct response *response = memory_allocate(sizeof *response);
    struct fault fault;
    (void)url;
    response->status = 200;
    ck_assert(http_headers_add(
        &response->headers, SPAN("Content-Type"), SPAN("application/json"), &fault));
    ck_assert(bytes_append_text(&response->body, "{\"items\":[{\"id\":\"first\"}", &fault));
    for (int i = 1; i < counts[0]; i++)
        ck_assert(bytes_format(&response->body, &fault, ",{\"id\":\"%d\"}", i));
    for (int i = 0; i < counts[1]; i++)
        ck_assert(bytes_append_text(&response->body, ",{\"id\":{}}", &fault));
    ck_assert(bytes_append_text(&response->body, "]}", &fault));
    return response;
}

static const struct answer nobody[] = {{.when = "/users", .body = "{'items':[{}]}"}};

START_TEST(the_policys_share_decides)
{
    static const struct {
        int counts[2];
        int64_t percent;
        bool partial;
    } rows[] = {
        {{95, 5}, 5, false}, /* as much as it, not more */
        {{94, 6}, 5, true},
        {{94, 6}, 6, false},
        {{1, 3}, 5, false}, /* few */
        {{1, 4}, 5, true},
        {{199, 1}, 0, true},
        {{1, 60}, 100, false},
        {{100, 0}, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;
        int counts[2] = {rows[i].counts[0], rows[i].counts[1]};
        driver_begin(&driver, "", USERS(CURSOR("")), NULL, 0);
        driver.serve = serve;
        driver.context = counts;
        driver.settings.policy.dead_letters_percent = rows[i].percent;
        driver.settings.policy.absence_most = 50; /* another matter */
        driver_join(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_msg((driver.proof == PROOF_PARTIAL) == rows[i].partial, "row %zu: %s, \"%s\"", i,
            proof_name(driver.proof), driver.runs[0].reason);
        ck_assert_int_eq(rows[i].partial, strstr(driver.runs[0].reason, "dead letters") != NULL);
        driver_end(&driver);
    }
}
END_TEST

START_TEST(where_nothing_else_came_one_is_too_many)
{
    struct driver driver;
    driver_begin(&driver, "", USERS(CURSOR("")), ANSWERS(nobody));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PARTIAL);
    driver_end(&driver);
}
END_TEST

/* What its items no longer have is told even where that is what killed them (fault 59); not of a
 * listing that was cut. */
START_TEST(a_listing_full_of_letters_was_read_whole)
{
    static const struct answer cut[] = {{.when = "/users", .status = 400}};
    struct driver driver;
    driver_begin(&driver, "", USERS(CURSOR("")), ANSWERS(nobody));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.runs[0].proof, PROOF_PARTIAL);
    ck_assert(driver.runs[0].read_whole);
    driver_end(&driver);
    driver_begin(&driver, "", USERS(CURSOR("")), ANSWERS(cut));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.runs[0].proof, PROOF_PARTIAL);
    ck_assert(!driver.runs[0].read_whole);
    driver_end(&driver);
}
END_TEST

UNIT_MAIN("letters", the_policys_share_decides, where_nothing_else_came_one_is_too_many,
    a_listing_full_of_letters_was_read_whole)
