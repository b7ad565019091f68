-- Refuses what a page of another site could make a browser send to Dagster's UI with the user's password.
-- Browsers name the page's origin in every POST and websocket, and ask before they send JSON to another origin.

local function refuse(handle, status, why)
  handle:respond({[":status"] = status, ["content-type"] = "text/plain"}, why .. "\n")
end

local function decoded(path)
  return path:match("^[^?#]*"):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local method = headers:get(":method")
  local origin = headers:get("origin")
  local host = origin and origin:match("^https?://([^/]+)$")
  local is_own = host and host:lower() == (headers:get(":authority") or ""):lower()

  if (headers:get("upgrade") or ""):lower() == "websocket" then
    if not is_own then
      refuse(handle, "403", "Websockets are for pages of this site.")
    end
  elseif method == "POST" then
    if origin and not is_own then
      refuse(handle, "403", "Requests of other sites' pages are refused.")
    elseif not (headers:get("content-type") or ""):lower():match("^application/json%s*;?[^,]*$") then
      refuse(handle, "415", "Send application/json.")
    end
  elseif method ~= "GET" and method ~= "HEAD" then
    refuse(handle, "405", "Allowed: GET, HEAD, POST.")
  elseif decoded(headers:get(":path")):match("/graphql/*$") then
    refuse(handle, "405", "GraphQL takes POST.")
  end
end
