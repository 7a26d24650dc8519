#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The sample application keeps its promises: every paging is whole, every login holds, control changes the data, and each action
# of a fault script does on the wire what its name says. Other tests rely on all of this. Ends with the number of failures.
#
#     upstream_test.sh MUSTER_UPSTREAM
set -uo pipefail

upstream=$1
work=$(mktemp -d)
failures=0
checks=0
USERS=250

cleanup() {
    if [ -n "${server_PID:-}" ]; then
        exec {server[1]}>&-
        wait "$server_PID" 2>/dev/null
    fi
    rm -rf "$work"
}
trap cleanup EXIT

# is NAME EXPECTED ACTUAL
is() {
    checks=$((checks + 1))
    if [ "$2" != "$3" ]; then
        failures=$((failures + 1))
        printf 'FAILED: %s\n  expected: %.300s\n  got:      %.300s\n' "$1" "$2" "$3"
    fi
}

# start OPTION...: a server of its own; a former one stops.
start() {
    if [ -n "${server_PID:-}" ]; then
        exec {server[1]}>&-
        wait "$server_PID" 2>/dev/null
    fi
    coproc server { exec "$upstream" --until-stdin-closes "$@"; }
    local word
    if ! read -r -t 20 word address <&"${server[0]}" || [ "$word" != listening ]; then
        echo "FAILED: the server does not start: $*"
        exit 1
    fi
    base=http://$address
}

get() { curl --silent --max-time 20 "$base$1" "${@:2}"; }
control() { curl --silent --max-time 20 --request POST "$base/_control/$1" "${@:2}"; }

# fault RULE...: the script is these lines. Which actions were used is remembered.
fault() {
    local line words word answer
    for line; do
        read -ra words <<<"$line"
        for word in "${words[@]:1}"; do
            case $word in *=* | once) ;; *) break ;; esac
        done
        echo "$word" >>"$work/used"
    done
    answer=$(printf '%s\n' "$@" | control script --data-binary @-)
    case $answer in *error*) is "script: $*" accepted "$answer" ;; esac
}

# outcome PATH [CURL OPTION]...: "curl's exit status, HTTP status, bytes of the body"; the body is in $work/body, the headers in $work/head.
outcome() {
    local code
    : >"$work/body"
    : >"$work/head"
    code=$(curl --silent --max-time 5 --output "$work/body" --dump-header "$work/head" --write-out '%{http_code}' "$base$1" "${@:2}")
    echo "$? $code $(wc -c <"$work/body")"
}
body() { jq --compact-output "$@" <"$work/body"; }
header() { tr -d '\r' <"$work/head" | sed -n "s/^$1: //Ip" | head -1; }

# ---------------------------------------------------------------- pagings

# walk STYLE COLLECTION QUERY: follows a paging to its end by its own rules, printing each id.
walk() {
    local style=$1 page=1 url next=
    case $style in
    page) while
        get "/page/$2?page=$page&per_page=40$3" >"$work/page"
        jq -r '.items[].id' "$work/page"
        [ "$(jq .paging.has_more "$work/page")" = true ]
    do page=$((page + 1)); done ;;
    offset) page=0
        while
            get "/offset/$2?offset=$page&limit=40$3" >"$work/page"
            jq -r '.items[].id' "$work/page"
            page=$((page + $(jq '.items | length' "$work/page")))
            [ "$(jq .paging.has_more "$work/page")" = true ]
        do :; done ;;
    cursor) while
        get "/cursor/$2?cursor=$next&limit=40$3" >"$work/page"
        jq -r '.items[].id' "$work/page"
        next=$(jq -r '.paging.next // ""' "$work/page")
        [ -n "$next" ]
    do :; done ;;
    next) url="$base/next/$2?limit=40$3"
        while
            curl --silent "$url" >"$work/page"
            jq -r '.items[].id' "$work/page"
            url=$(jq -r '.paging.next // ""' "$work/page")
            case $url in /*) url=$base$url ;; esac
            [ -n "$url" ]
        do :; done ;;
    link) url="$base/link/$2?per_page=40$3"
        while
            curl --silent --dump-header "$work/head" "$url" >"$work/page"
            jq -r '.[].id' "$work/page"
            url=$(header Link | sed -n 's/^<\(.*\)>; rel="next"$/\1/p')
            case $url in /*) url=$base$url ;; esac
            [ -n "$url" ]
        do :; done ;;
    keyset) page=0
        while
            get "/keyset/$2?after=$page&limit=40$3" >"$work/page"
            jq -r '.items[].id' "$work/page"
            page=$(jq '.items[-1].number' "$work/page")
            [ "$(jq .paging.has_more "$work/page")" = true ]
        do :; done ;;
    scim)
        while
            get "/scim/v2/${2^}?startIndex=$page&count=40$3" >"$work/page"
            jq -r '.Resources[].id' "$work/page"
            page=$((page + $(jq '.Resources | length' "$work/page")))
            [ "$page" -le "$(jq .totalResults "$work/page")" ]
        do :; done ;;
    changes) while
        get "/changes/$2?cursor=$next&limit=40$3" >"$work/page"
        jq -r '.items[].id' "$work/page"
        next=$(jq -r '.paging.next // ""' "$work/page")
        [ -n "$next" ]
    do :; done ;;
    bare) get "/bare/$2?x=1$3" | jq -r '.[].id' ;;
    esac
}

test_pagings() {
    start --users $USERS --seed 7
    local all style
    all=$(walk bare users "" | sort)
    is "users" $USERS "$(wc -l <<<"$all")"
    is "ids are distinct" $USERS "$(uniq <<<"$all" | wc -l)"
    is "ids are in no order" no "$(walk bare users "" | sort --check=quiet && echo yes || echo no)"
    for style in page offset cursor next link keyset scim changes; do
        is "users by $style" "$all" "$(walk $style users "" | sort)"
    done
    is "absent end" "$all" "$(walk cursor users "&end=absent" | sort)"
    is "empty end" "$all" "$(walk cursor users "&end=empty" | sort)"
    is "relative next" "$all" "$(walk next users "&urls=relative" | sort)"
    is "relative link" "$all" "$(walk link users "&urls=relative" | sort)"
    is "falling order" "$(walk page users "" | tac)" "$(walk page users "&order=desc")"
    all=$(walk bare groups "" | sort)
    for style in page offset cursor next link keyset scim; do
        is "groups by $style" "$all" "$(walk $style groups "" | sort)"
    done
    is "no next: null" '{"next":null}' "$(get '/cursor/users?limit=1000&markers=next' | jq -c .paging)"
    is "no next: absent" '{}' "$(get '/cursor/users?limit=1000&markers=next&end=absent' | jq -c .paging)"
    is "no next: empty" '{"next":""}' "$(get '/cursor/users?limit=1000&markers=next&end=empty' | jq -c .paging)"
    is "markers" '{"total_pages":7,"last":false}' "$(get '/page/users?per_page=40&markers=last,total_pages' | jq -c .paging)"
    is "page past the end" '[]' "$(get '/page/users?page=99' | jq -c .items)"
    is "page size is bounded" 250 "$(get '/page/users?per_page=5000' | jq '.items | length')"
    is "a page of no items" 400 "$(get '/page/users?per_page=0' --output /dev/null --write-out '%{http_code}')"
    is "SCIM: count=0" '[250,0]' "$(get '/scim/v2/Users?count=0' | jq -c '[.totalResults, (.Resources | length)]')"
    is "SCIM: startIndex=-3" 1 "$(get '/scim/v2/Users?startIndex=-3' | jq .startIndex)"
    is "a foreign cursor" 400 "$(get '/cursor/users?cursor=xyz' --output /dev/null --write-out '%{http_code}')"
    is "unknown collection" 404 "$(get '/page/robots' --output /dev/null --write-out '%{http_code}')"
    local bytes ids
    bytes=$(get '/bare/users' | md5sum)
    ids=$(walk bare users "" | sort)
    start --users $USERS --seed 7
    is "same seed, same bytes" "$bytes" "$(get '/bare/users' | md5sum)"
    start --users $USERS --seed 8
    is "other seed, other ids" 0 "$(comm -12 <(walk bare users "" | sort) <(echo "$ids") | wc -l)"
}

test_children() {
    start --users $USERS --groups 10
    local group members user
    group=$(get '/bare/groups' | jq -r '.[5].id')
    members=$(get "/groups/$group" | jq .member_count)
    is "members of a group" "$members" "$(walk offset "groups/$group/members" "" | sort -u | wc -l)"
    is "members in SCIM" "$members" "$(get "/scim/v2/Groups/$group" | jq '.members | length')"
    is "a group inside a group" 1 "$(get "/bare/groups/$group/members" | jq '[.[] | select(.type == "Group")] | length')"
    is "members are users" 0 "$(comm -13 <(walk bare users "" | sort) <(get "/bare/groups/$group/members" | jq -r '.[] | select(.type == "User") | .id' | sort) | wc -l)"
    user=$(get '/bare/api-keys' | jq -r '.[0].owner_id')
    is "keys of a user" 3 "$(get "/page/users/$user/keys" | jq .paging.total)"
    is "one user" "$user" "$(get "/users/$user" | jq -r .id)"
    is "one user in SCIM" "$user" "$(get "/scim/v2/Users/$user" | jq -r .id)"
    is "no such user" 404 "$(get "/users/${user//[0-9]/0}" --output /dev/null --write-out '%{http_code}')"
}

test_control() {
    start --users $USERS --groups 10
    local user now first second
    user=$(get '/bare/users' | jq -r '.[16].id')
    now=$(get '/_control/data' | jq .now)
    is "delete" 249 "$(control "delete?id=$user" | jq .users)"
    is "a deleted user is gone" 404 "$(get "/users/$user" --output /dev/null --write-out '%{http_code}')"
    is "and not listed" 0 "$(walk cursor users "" | grep -c "$user")"
    is "but a tombstone" true "$(get "/changes/users?since=$now&deleted=true" | jq '.items[0].deleted')"
    is "with the time of its creation" "$(get '/bare/users' | jq '.[17] | has("created_at")')" "$(get "/changes/users?since=$now&deleted=true" | jq '.items[0] | has("created_at")')"
    is "or without" '["deleted","id","updated_at"]' "$(get "/changes/users?since=$now&deleted=bare" | jq -c '.items[0] | keys')"
    is "which must be asked for" 0 "$(get "/changes/users?since=$now" | jq '.items | length')"
    is "restore" 250 "$(control "restore?id=$user" | jq .users)"
    is "the same user" "$user" "$(get "/users/$user" | jq -r .id)"
    is "add" 253 "$(control 'add?count=3' | jq .users)"
    is "added users are listed" 253 "$(walk keyset users "" | sort -u | wc -l)"
    now=$(get '/_control/data' | jq .now)
    control 'change?number=5&count=20' >/dev/null
    is "changed users" 20 "$(walk changes users "&since=$((now + 1))" | wc -l)"
    control 'change?number=5&count=1' >/dev/null
    is "each stands in the log once" 20 "$(walk changes users "&since=$((now + 1))" | sort -u | wc -l)"
    is "time in RFC 3339" 20 "$(walk changes users "&since=$(date --utc --date "@$((now + 1))" +%FT%TZ)" | wc -l)"
    is "milliseconds" 20 "$(walk changes users "&since=$((now + 1))000" | wc -l)"
    control 'change?number=100&count=1&late=2' >/dev/null
    is "a late change is stamped earlier" $((now + 1)) "$(get "/users/$(get '/bare/users' | jq -r '.[99].id')" | jq '.updated_at | fromdate')"
    control 'bump' >/dev/null
    is "bump" 253 "$(get '/bare/users' | jq '[.[] | select(.revision > 0)] | length')"
    control "rename?id=$user&login=new%20name" >/dev/null
    is "rename" "new name" "$(get "/users/$user" | jq -r .login)"
    first=$(get "/users/$user")
    control "reuse?id=$user" >/dev/null
    second=$(get "/users/$user")
    is "reuse: the id stays" "$user" "$(jq -r .id <<<"$second")"
    is "reuse: somebody else" false "$(jq -n --argjson a "$first" --argjson b "$second" '$a.created_at == $b.created_at')"
    control "leave?id=$user" >/dev/null
    is "leave" 0 "$(get '/scim/v2/Groups' | jq --arg user "$user" '[.Resources[].members[] | select(.value == $user)] | length')"
    is "nonsense is refused" usage "$(control 'delete?in=robots' | jq -r .error.code)"
    control reset >/dev/null
    get '/page/users' -H 'X-Probe: 1' >/dev/null
    get '/page/robots' >/dev/null
    is "requests" '[2,1,{"200":1,"404":1},"GET /page/robots"]' "$(get '/_control/requests' | jq -c '[.requests, .paths["/page/users"], .statuses, .recent[-1]]')"
    is "two requests, one connection" '200 200 1' "$(control reset >/dev/null; get '/page/users' --output /dev/null --write-out '%{http_code} ' "$base/page/groups" --output /dev/null; get '/_control/requests' | jq '.connections - 1')"
    control 'latency?ms=1000' >/dev/null
    is "requests wait side by side" 3 "$(for _ in 1 2 3; do get '/page/users' >/dev/null & done; wait; get '/_control/requests' | jq '.in_flight_max')"
    control 'latency?ms=0' >/dev/null
}

status() { get "$1" --output /dev/null --write-out '%{http_code}' "${@:2}"; }

test_logins() {
    start --users 10 --token secret --api-key 'k-1' --basic 'joe:pass word' --oauth 'id:hush' --refresh-token first --token-lifetime 2
    local token answer
    is "nobody" 401 "$(status /page/users)"
    is "bearer" 200 "$(status /page/users -H 'Authorization: Bearer secret')"
    is "wrong bearer" 401 "$(status /page/users -H 'Authorization: Bearer secret2')"
    is "key in a header" 200 "$(status /page/users -H 'X-API-Key: k-1')"
    is "key in the query" 200 "$(status '/page/users?api_key=k-1')"
    is "key in a cookie" 200 "$(status /page/users -H 'Cookie: api_key=k-1')"
    is "basic" 200 "$(status /page/users --user 'joe:pass word')"
    is "wrong basic" 401 "$(status /page/users --user 'joe:password')"
    is "wrong client" invalid_client "$(get /oauth/token --data 'grant_type=client_credentials' --user 'id:hush!' | jq -r .error)"
    is "wrong grant" unsupported_grant_type "$(get /oauth/token --data 'grant_type=password' --user 'id:hush' | jq -r .error)"
    token=$(get /oauth/token --data 'grant_type=client_credentials&client_id=id&client_secret=hush' | jq -r .access_token)
    is "access token" 200 "$(status /page/users -H "Authorization: Bearer $token")"
    control expire-tokens >/dev/null
    is "expired token" 401 "$(status /page/users -H "Authorization: Bearer $token")"
    answer=$(get /oauth/token --data 'grant_type=refresh_token&refresh_token=first' --user 'id:hush')
    is "token by refresh" 200 "$(status /page/users -H "Authorization: Bearer $(jq -r .access_token <<<"$answer")")"
    is "a used refresh token is void" invalid_grant "$(get /oauth/token --data 'grant_type=refresh_token&refresh_token=first' --user 'id:hush' | jq -r .error)"
    answer=$(get /oauth/token --data "grant_type=refresh_token&refresh_token=$(jq -r .refresh_token <<<"$answer")" --user 'id:hush')
    is "its successor is good" 2 "$(jq .expires_in <<<"$answer")"
}

# ---------------------------------------------------------------- faults

test_selectors() {
    start --users $USERS
    codes() { for _ in 1 2 3 4 5 6; do status "${1:-/page/users}"; done; }
    fault '/page nth=2 status 500'
    is "nth=2" 200500200200200200 "$(codes)"
    fault '/page nth=2-3 status 500'
    is "nth=2-3" 200500500200200200 "$(codes)"
    fault '/page every=3 status 500'
    is "every=3" 200200500200200500 "$(codes)"
    fault '/page times=2 status 500'
    is "times=2" 500500200200200200 "$(codes)"
    fault '/page once status 500'
    is "once" 500200200200200200 "$(codes)"
    fault '/page with=page=3 status 500'
    is "with: not" 200200200200200200 "$(codes)"
    is "with: this" 500500500500500500 "$(codes '/page/users?page=3')"
    fault '/offset status 500'
    is "another path" 200200200200200200 "$(codes)"
    fault '/page chance=50 status 500'
    is "chance repeats" "$(codes)" "$(fault '/page chance=50 status 500'; codes)"
    is "counts" '{"action":"status","matched":6,"fired":true}' "$(fault '/page chance=50 status 500'; codes >/dev/null; get /_control/rules | jq -c '.[0] | .fired = (.fired > 0 and .fired < 6)')"
    control script --data-binary '' >/dev/null
    is "no rules" 200200200200200200 "$(codes)"
    local bad
    for bad in 'page status 500' '/page' '/page nth=0 status 500' '/page burn' '/page status' '/page status abc' '/page drop now' \
        '/page item 1 nothing' '/page type text/nothing' '/page rate nobody' '/page nht=3 status 500'; do
        is "refused: $bad" syntaxusage "$(control script --data-binary "$bad" | jq -r '.error.code' | sed 's/^\(syntax\|usage\)$/syntaxusage/')"
    done
}

test_wire_faults() {
    start --users $USERS
    local whole
    whole=$(get '/page/users?per_page=50' | wc -c)
    one() { fault "/ once $1"; outcome '/page/users?per_page=50'; }
    is "drop" "56 000 0" "$(one drop)"
    is "reset" "56 200 1000" "$(one 'reset 1000')"
    is "cut" "18 200 1000" "$(one 'cut 1000')"
    is "cut at 0" "18 200 0" "$(one 'cut 0')"
    is "cut-chunks" "18 200 $whole" "$(one cut-chunks)"
    is "chunked" "0 200 $whole" "$(one chunked)"
    is "close-delimited" "0 200 $whole" "$(one close-delimited)"
    is "close-delimited, early" "0 200 500" "$(one 'close-delimited 500')"
    is "stall" "28 200 700" "$(fault '/ once stall 3000 700'; outcome '/page/users?per_page=50' --max-time 0.5)"
    is "a stall ends" "0 200 $whole" "$(one 'stall 100')"
    is "slow" "28 200" "$(fault '/ once slow 10 50'; outcome '/page/users?per_page=50' --max-time 0.5 | cut -d' ' -f1,2)"
    is "one-byte slices" "0 200 $whole" "$(one 'slow 1')"
    is "delay" "28 000 0" "$(fault '/ once delay 2000'; outcome '/page/users?per_page=50' --max-time 0.3)"
    is "delay with jitter" "0 200 $whole" "$(one 'delay 10 20')"
    fault '/page nth=1 close-after'
    control reset >/dev/null
    curl --silent --output /dev/null "$base/page/users" --next --silent --output /dev/null "$base/page/users"
    is "close-after" 2 "$(get /_control/requests | jq '.connections - 1')"
    is "no promise was taken back" "" "$(fault '/ once close-after'; outcome /page/users >/dev/null; header Connection)"
    is "two lengths" 2 "$(fault '/ once two-lengths'; outcome /page/users >/dev/null; grep -ci '^content-length' "$work/head")"
    is "length and chunks" "1 1" "$(fault '/ once length-and-chunks'; outcome /page/users >/dev/null; echo "$(grep -ci '^content-length' "$work/head") $(grep -ci '^transfer-encoding' "$work/head")")"
    is "flood" "0 200 20" "$(fault '/ once flood 20'; outcome /page/users | cut -d' ' -f1,2) $(grep -c '^HTTP/1.1 103' "$work/head")"
    is "headers" "200 10" "$(fault '/ once headers 10 200'; outcome /page/users >/dev/null; header x-filler-3 | tr -d '\n' | wc -c) $(grep -ci '^x-filler' "$work/head")"
}

test_http_faults() {
    start --users $USERS
    one() { fault "/ once $1"; outcome '/page/users?per_page=2'; }
    is "status" "0 503" "$(one 'status 503' | cut -d' ' -f1,2)"
    is "status with an error" scripted "$(one 'status 503' >/dev/null; body -r .error.code)"
    is "status with a body" '{"a": 1}' "$(one 'status 410 {"a": 1}' >/dev/null; cat "$work/body")"
    is "header" "two words" "$(one 'header X-Extra: two words' >/dev/null; header X-Extra)"
    is "retry-after" 7 "$(one 'retry-after 7' >/dev/null; header Retry-After)"
    is "retry-after: negative" -5 "$(one 'retry-after -5' >/dev/null; header Retry-After)"
    is "retry-after: garbage" soon "$(one 'retry-after soon' >/dev/null; header Retry-After)"
    is "retry-after: date" GMT "$(one 'retry-after date 60' >/dev/null; header Retry-After | awk '{print $NF}')"
    is "two rules at once" "429 3" "$(fault '/ nth=1 status 429' '/ nth=1 retry-after 3'; outcome /page/users | cut -d' ' -f2) $(header Retry-After)"
    is "login-page" "text/html; charset=utf-8" "$(one login-page >/dev/null; header Content-Type)"
    is "error-object" '[false,"boom"]' "$(one 'error-object boom' >/dev/null; body '[.ok, .error.code]')"
    is "empty-body" "0 200 0" "$(one empty-body)"
    is "no-content" "0 204 0" "$(one no-content)"
    is "not-modified" "0 304 0" "$(one not-modified)"
    is "partial" "0 206" "$(one partial | cut -d' ' -f1,2)"
    is "partial is not JSON" 1 "$(one partial >/dev/null; body . >/dev/null 2>&1 && echo 0 || echo 1)"
    is "redirect" "302 http://other.example/x" "$(one 'redirect http://other.example/x' | cut -d' ' -f2) $(header Location)"
    is "redirect 307" 307 "$(one 'redirect /page/users 307' | cut -d' ' -f2)"
    is "redirect-loop" 47 "$(fault '/page redirect-loop'; outcome /page/users --location --max-redirs 5 | cut -d' ' -f1)"
    is "type" "text/plain" "$(one 'type text/plain' >/dev/null; header Content-Type)"
    is "date" 3600 "$(one 'date 3600' >/dev/null; echo $((($(date --date "$(header Date)" +%s) - $(date +%s) + 30) / 60 * 60)))"
    is "rate: github" "0 60" "$(one 'rate github 0 60' >/dev/null; echo "$(header x-ratelimit-remaining) $((($(header x-ratelimit-reset) - $(date +%s) + 5) / 10 * 10))")"
    is "rate: combined" "limit=100, remaining=3, reset=9" "$(one 'rate ietf-combined 3 9' >/dev/null; header RateLimit)"
    is "rate: bucket" "60/100" "$(one 'rate shopify 40' >/dev/null; header X-Shopify-Shop-Api-Call-Limit)"
    local dialect
    for dialect in ietf okta gitlab zendesk atlassian microsoft hubspot salesforce linear aws discord; do
        is "rate: $dialect" 1 "$(one "rate $dialect 1 2 3" >/dev/null; grep -qiE '^(x-|rate|sforce)' "$work/head" && echo 1 || echo 0)"
    done
    fault '/page limit 1'
    is "limit" "200 429 429" "$(for _ in 1 2 3; do status /page/users; echo; done | xargs)"
    fault '/page concurrency 2'
    control 'latency?ms=1000' >/dev/null
    is "concurrency" "200 200 429" "$(for _ in 1 2 3; do echo "$(status /page/users)" & done | sort | xargs; wait)"
    control 'latency?ms=0' >/dev/null
}

test_body_faults() {
    start --users $USERS
    one() { fault "/ once $1"; outcome '/page/users?per_page=10' "${@:2}"; }
    is "body" "[1, 2]" "$(one 'body [1, 2]' >/dev/null; cat "$work/body")"
    is "cut-json" "0 200 100" "$(one 'cut-json 100')"
    is "cut-json from the end" 1 "$(one 'cut-json -1' >/dev/null; body . >/dev/null 2>&1 && echo 0 || echo 1)"
    is "trailing" "}}junk" "$(one 'trailing junk' >/dev/null; tail -c 6 "$work/body")"
    is "twice" 2 "$(one twice >/dev/null; body .paging.total | wc -l)"
    is "deep" "0 200 200000" "$(one 'deep 100000')"
    is "long-string" "0 200 3145761" "$(one 'long-string 3')"
    is "endless-body" "28 200" "$(one endless-body --max-time 0.3 | cut -d' ' -f1,2)"
    is "many-keys" 5001 "$(one 'many-keys 5000' >/dev/null; body '.items[0] | length')"
    is "bomb: on the wire" yes "$([ "$(one 'bomb 50' | cut -d' ' -f3)" -lt 200000 ] && echo yes)"
    is "bomb: opened" $((50 * 1024 * 1024 + 24)) "$(gzip --decompress --stdout <"$work/body" | wc -c)"
    is "encodings" "gzip, gzip 250" "$(one encodings >/dev/null; echo "$(header Content-Encoding) $(gzip -dc <"$work/body" | gzip -dc | jq .paging.total)")"
    is "false-gzip" 61 "$(one false-gzip --compressed | cut -d' ' -f1)"
    # What jq makes of each mutation: the number of items, or "no JSON".
    local mutation seen
    for mutation in duplicate-id duplicate-member escaped-duplicate nul nul-key raw-nul control bad-utf8 overlong-utf8 lone-surrogate nan \
        infinity single-quotes comment leading-zero secret deep id-null id-missing id-empty id-huge id-number id-fraction id-true id-object \
        id-case id-other-case status-unknown status-renamed login-null login-number time-bad time-1970 time-2038; do
        fault '/ once item 3 '"$mutation"
        get '/page/users?per_page=10' >"$work/body"
        get '/page/users?per_page=10' >"$work/sound"
        seen=$(cmp --silent "$work/body" "$work/sound" && echo same || echo other)
        is "item $mutation" other "$seen"
        is "item $mutation: the one before stays" 0 "$(cmp --bytes=1400 "$work/body" "$work/sound" >/dev/null; echo $?)"
    done
    is "id-null" '[null,true]' "$(one 'item 3 id-null' >/dev/null; body '[.items[2].id, .items[3].id != null]')"
    is "id-missing" '[false,10]' "$(one 'item 3 id-missing' >/dev/null; body '[(.items[2] | has("id")), (.items | length)]')"
    is "id-huge" 1 "$(one 'item 3 id-huge' >/dev/null; grep -c '"id":1180591620717411303424,' "$work/body")"
    is "three items" 3 "$(one 'item 3 id-null 3' >/dev/null; body '[.items[] | select(.id == null)] | length')"
    is "two mutations" '[null,null]' "$(fault '/ nth=1 item 2 secret' '/ nth=1 item 3 id-null' '/ nth=1 item 2 id-null'; outcome /page/users >/dev/null; body '[.items[1].id, .items[2].id]')"
    is "in SCIM" null "$(fault '/ once item 1 id-null'; get '/scim/v2/Users?count=2' | jq '.Resources[0].id')"
    is "in one object" null "$(fault '/ once item 1 id-null'; get "/users/$(walk bare users '' | head -1)" | jq '.id'; fault '/_none drop')"
}

test_page_faults() {
    start --users $USERS
    local page='.paging.next' second
    second=$(get '/cursor/users?limit=50' | jq -r "$page")
    at() { get "/cursor/users?limit=50&cursor=$1"; }
    numbers() { jq -c '[.items[0].number, (.items | length)]'; }
    is "next-self" "$second" "$(fault '/ next-self'; at "$second" | jq -r "$page")"
    is "next-cycle" "$(fault '/ next-cycle 2'; at "$(at '' | jq -r "$page")" | jq -r "$page")" "$(fault '/ next-cycle 2'; at "$(at "$(at "$(at '' | jq -r "$page")" | jq -r "$page")" | jq -r "$page")" | jq -r "$page")"
    fault '/ once empty-page'
    is "empty-page" 0 "$(at "$second" | tee "$work/page" | jq '.items | length')"
    is "goes on" '[51,50]' "$(at "$(jq -r "$page" "$work/page")" | numbers)"
    is "its cursor is another" false "$(jq --arg second "$second" '.paging.next == $second' "$work/page")"
    is "next-missing" '{"has_more":false,"total":250}' "$(fault '/ next-missing'; at "$second" | jq -c --sort-keys .paging)"
    is "overlap" '[46,50]' "$(fault '/ overlap 5'; at "$second" | numbers)"
    is "skip" '[54,50]' "$(fault '/ skip 3'; at "$second" | numbers)"
    is "repeat-page" '[1,50]' "$(fault '/ repeat-page'; at "$second" | numbers)"
    is "total" 253 "$(fault '/ total 3'; at '' | jq .paging.total)"
    is "total: less" 240 "$(fault '/ total -10'; at '' | jq .paging.total)"
    is "total-drift" "250 252 254" "$(fault '/ total-drift 2'; for _ in 1 2 3; do at '' | jq .paging.total; done | xargs)"
    is "endless" '[250,true]' "$(fault '/ endless'; get '/cursor/users?limit=250' | jq -c '[(.items | length), .paging.has_more]')"
    is "endless: the same again" '[1,50]' "$(fault '/ endless'; get '/offset/users?limit=50&offset=250' | numbers)"
    is "endless: fresh" '[251,50]' "$(fault '/ endless fresh'; get '/offset/users?limit=50&offset=250' | numbers)"
    is "shrink" '[51,7]' "$(fault '/ shrink 7'; at "$second" | numbers)"
    is "shrunk pages are whole" 250 "$(fault '/ every=2 shrink 7'; walk cursor users '' | sort -u | wc -l)"
    is "empty-listing" '[0,0,false]' "$(fault '/ empty-listing'; at '' | jq -c '[(.items | length), .paging.total, .paging.has_more]')"
    is "first-page-only" '[50,250,false]' "$(fault '/ first-page-only'; at "$second" | jq -c '[(.items | length), .paging.total, .paging.has_more]')"
    is "first-page-only lying" 50 "$(fault '/ first-page-only lying'; at '' | jq .paging.total)"
    is "reverse" '[100,50]' "$(fault '/ reverse'; at "$second" | numbers)"
    is "next-host" "<http://evil.example/link/users" "$(fault '/ next-host evil.example'; outcome /link/users >/dev/null; header Link | cut -d'?' -f1)"
    is "remove" 249 "$(fault '/page once remove'; get '/page/users' | jq .paging.total)"
    is "insert" 251 "$(fault '/page once insert 2'; get '/page/users' | jq .paging.total)"
    is "change" 4 "$(fault '/page once change 4 10'; get '/page/users?per_page=1000' | jq '[.items[] | select(.revision == 1 and .number <= 250)] | length')"
}

# Requests that a client sends before it has the answers, a head in two halves, and what is no request.
test_protocol() {
    start --users $USERS --gzip
    local port=${address#*:} answers
    answers=$(exec 9<>"/dev/tcp/127.0.0.1/$port" && printf 'GET /page/users?per_page=1 HTTP/1.1\r\nHost: x\r\n\r\nGET /page/groups?per_page=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&9 && timeout 5 cat <&9)
    is "pipelined requests" 2 "$(grep -o 'HTTP/1.1 200' <<<"$answers" | wc -l)"
    answers=$(exec 9<>"/dev/tcp/127.0.0.1/$port" && printf 'GET /page/users?per_page=1 HT' >&9 && sleep 0.1 && printf 'TP/1.0\r\n\r\n' >&9 && timeout 5 cat <&9)
    is "a request in two halves" 1 "$(grep -c '^HTTP/1.1 200' <<<"$answers")"
    answers=$(exec 9<>"/dev/tcp/127.0.0.1/$port" && printf 'hello\r\n\r\n' >&9 && timeout 5 cat <&9 2>/dev/null)
    is "no request" "" "$answers"
    is "HEAD" "200 0" "$(curl --silent --head --output /dev/null --write-out '%{http_code} %{size_download}' "$base/page/users")"
    is "POST is not reading" 405 "$(status /page/users --data x=1)"
    is "gzip" "gzip 250" "$(outcome /page/users -H 'Accept-Encoding: gzip' >/dev/null; echo "$(header Content-Encoding) $(gzip -dc <"$work/body" | jq .paging.total)")"
    is "not asked for, not compressed" "" "$(outcome /page/users >/dev/null; header Content-Encoding)"
}

test_command_line() {
    is "unknown option" 2 "$("$upstream" --nope >/dev/null 2>&1; echo $?)"
    is "a number that is none" 2 "$("$upstream" --users many >/dev/null 2>&1; echo $?)"
    is "a broken script" "2 muster-upstream: $work/script: line 2: there is no action \"burn\"; --actions lists them" \
        "$(printf '# fine\n/page burn\n' >"$work/script"; text=$("$upstream" --script "$work/script" 2>&1 >/dev/null); echo "$? $text")"
    printf '/page nth=1 status 418\n' >"$work/script"
    start --script "$work/script"
    is "a script from a file" 418 "$(status /page/users)"
    kill -TERM "$server_PID"
    wait "$server_PID"
    is "SIGTERM ends it in good order" 0 $?
    unset server_PID
}

# Every row of the action tables was put to the test above.
test_all_actions_used() {
    local action
    for action in $("$upstream" --actions | awk '{print $1}'); do
        is "tested: $action" yes "$(grep --quiet --line-regexp --regexp="$action" "$work/used" && echo yes || echo no)"
    done
}

test_pagings
test_children
test_control
test_logins
test_selectors
test_wire_faults
test_http_faults
test_body_faults
test_page_faults
test_protocol
test_command_line
test_all_actions_used

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
