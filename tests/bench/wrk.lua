-- For wrk: post the documents of the file $BENCH_DOCUMENTS, each once, and
-- then from the start; a thread has every n-th of them.  In the file each has
-- its length before it, four bytes, the highest first.
local threads = {}

function setup(thread)
	thread:set("number", #threads)
	table.insert(threads, thread)
	for _, each in ipairs(threads) do
		each:set("count", #threads)
	end
end

local bodies = {}
local nth = 0

function init()
	local file = io.open(os.getenv("BENCH_DOCUMENTS"), "rb")
	local index = 0

	while true do
		local head = file:read(4)
		if head == nil then
			break
		end
		local a, b, c, d = head:byte(1, 4)
		local body = file:read(((a * 256 + b) * 256 + c) * 256 + d)
		if index % count == number then
			table.insert(bodies, wrk.format("POST", "/v1/report",
			    { ["Content-Type"] = "application/tlsrpt+gzip" },
			    body))
		end
		index = index + 1
	end
	file:close()
end

function request()
	nth = nth % #bodies + 1
	return bodies[nth]
end
