-- Decides about many calls at once. What is known of a limit is read once and written once, however many ask for it.
-- KEYS: one a limit. ARGV[1]: JSON {limits, returned, held, asked}, see limit_script.py. Times in microseconds.
local batch = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local SLOT, PARALLEL_WAIT, TOLERANCE = batch.slot, batch.parallel_wait, batch.tolerance

local limits = {}
local function limit_of(place)
    local limit = limits[place]
    if limit then
        return limit
    end
    local figures = batch.limits[place]
    limit = {
        key = KEYS[place],
        slots = KEYS[place] .. ':slots',
        request = figures[1], request_burst = figures[2],
        token = figures[3], token_burst = figures[4],
        parallel = figures[5],
        requests = now, tokens = now,
    }
    if limit.request > 0 or limit.token > 0 then
        local stored = redis.call('HMGET', limit.key, 'requests', 'tokens')
        limit.requests = math.max(tonumber(stored[1]) or 0, now)
        limit.tokens = math.max(tonumber(stored[2]) or 0, now)
    end
    limits[place] = limit
    return limit
end

local function keep_slot(limit, slot)
    redis.call('ZADD', limit.slots, string.format('%.0f', now + SLOT), slot)
    limit.has_slots = true
end

-- Slots of a process that died are not renewed and fall out here.
local function taken(limit)
    if not limit.taken then
        redis.call('ZREMRANGEBYSCORE', limit.slots, '-inf', string.format('%.0f', now))
        limit.taken = redis.call('ZCARD', limit.slots)
    end
    return limit.taken
end

local function take(limit, requests, tokens)
    limit.requests = math.max(now, limit.requests + requests * limit.request)
    limit.tokens = math.max(now, limit.tokens + tokens * limit.token)
    limit.is_changed = limit.request > 0 or limit.token > 0
end

for _, returned in ipairs(batch.returned) do
    for _, place in ipairs(returned[4]) do
        local limit = limit_of(place)
        take(limit, -returned[1], -returned[2])
        if limit.parallel > 0 then
            redis.call('ZREM', limit.slots, returned[3])
        end
    end
end

for _, held in ipairs(batch.held) do
    local limit = limit_of(held[1])
    for _, slot in ipairs(held[2]) do
        keep_slot(limit, slot)
    end
end

local answers = {}
for number, asked in ipairs(batch.asked) do
    local tokens, slot, places = asked[1], asked[2], asked[3]
    local by, measure, longest = 0, 0, 0
    local function refuse(place, which, wait)
        if wait > TOLERANCE and wait > longest then
            by, measure, longest = place, which, wait
        end
    end
    for order, place in ipairs(places) do
        local limit = limit_of(place)
        if limit.request > 0 then
            refuse(order, 1, limit.requests - now + limit.request - limit.request_burst * limit.request)
        end
        if limit.token > 0 then
            local needed = math.min(tokens, limit.token_burst)
            refuse(order, 2, limit.tokens - now + (needed - limit.token_burst) * limit.token)
        end
        if limit.parallel > 0 and taken(limit) >= limit.parallel then
            refuse(order, 3, PARALLEL_WAIT)
        end
    end
    local answer = {by, measure, longest}
    for _, place in ipairs(places) do
        local limit = limit_of(place)
        if by == 0 then
            take(limit, 1, tokens)
            if limit.parallel > 0 then
                keep_slot(limit, slot)
                limit.taken = limit.taken + 1
            end
        end
        answer[#answer + 1] = limit.requests - now
        answer[#answer + 1] = limit.tokens - now
    end
    answers[number] = answer
end

for _, limit in pairs(limits) do
    if limit.is_changed then
        redis.call('HSET', limit.key,
            'requests', string.format('%.3f', limit.requests), 'tokens', string.format('%.3f', limit.tokens))
        redis.call('PEXPIRE', limit.key, math.ceil((math.max(limit.requests, limit.tokens) - now) / 1000) + 1000)
    end
    if limit.has_slots then
        redis.call('PEXPIRE', limit.slots, math.ceil(SLOT / 1000) + 1000)
    end
end
return cjson.encode(answers)
