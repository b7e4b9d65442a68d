-- What wrk sends: GETs and PUTs of random keys, pipelined if told so, and made before it begins, so
-- that the load costs little while the server is measured. From the environment:
--
--   LOAD_SERVER       cubby: POST /put and GET /get; canned: GET / whatever is asked for
--   LOAD_KEYS, LOAD_VALUE_BYTES, LOAD_PUT_PERCENT, LOAD_DEPTH
--   LOAD_CLOSE        set: a connection a request
--
-- At the end it prints one line: requests=N errors=N seconds=N.

local function number(name) return tonumber(os.getenv(name)) end

local canned = os.getenv("LOAD_SERVER") == "canned"
local keys, depth = number("LOAD_KEYS"), number("LOAD_DEPTH")
local put_percent = number("LOAD_PUT_PERCENT")
local value = string.rep("v", number("LOAD_VALUE_BYTES"))

-- So many requests are made that most keys are among them.
local batch_count = math.ceil(65536 / depth)
local batches, sent = {}, 0

local function get(key)
  return wrk.format("GET", canned and "/" or "/get?key=" .. key)
end

local function put(key)
  if canned then return wrk.format("GET", "/") end
  local body = string.format('{"key":"%s","value":"%s"}', key, value)
  return wrk.format("POST", "/put", { ["Content-Type"] = "application/json" }, body)
end

function init()
  if os.getenv("LOAD_CLOSE") then wrk.headers["Connection"] = "close" end
  math.randomseed(1)
  for i = 1, batch_count do
    local batch = {}
    for j = 1, depth do
      local key = string.format("user:%010d", math.random(0, keys - 1))
      batch[j] = math.random(0, 99) < put_percent and put(key) or get(key)
    end
    batches[i] = table.concat(batch)
  end
end

function request()
  sent = sent % batch_count + 1
  return batches[sent]
end

function done(summary)
  local errors = summary.errors
  io.write(string.format("requests=%d errors=%d seconds=%f\n", summary.requests,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6))
end
