// The loop that runs a Node function: Lambda's Runtime API in the least code, because AWS's own client for Node
// (aws-lambda-ric) is compiled on installation. Arguments: the asset's directory, the handler ("index.handler").
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [, , root, handlerName] = process.argv;
const environment = process.env;
const api = `http://${environment.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const agent = new http.Agent({ keepAlive: false });

function call(method, address, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(api + address, { method, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

const describe = (error) =>
  JSON.stringify({
    errorType: error?.name ?? "Error",
    errorMessage: error?.message ?? String(error),
    trace: error?.stack?.split("\n") ?? [],
  });

async function load() {
  const [module, exported] = handlerName.split(/\.(?=[^./]+$)/);
  const file = [".js", ".mjs", ".cjs"].map((end) => path.join(root, module + end)).find((name) => fs.existsSync(name));
  if (!file) throw new Error(`Cannot find module '${module}'`);
  const loaded = await import(pathToFileURL(file));
  const handler = loaded[exported] ?? loaded.default?.[exported];
  if (typeof handler !== "function") throw new Error(`${handlerName} is undefined or not exported`);
  return handler;
}

// A promise settles the invocation; otherwise the callback does, once nothing is left to do, as in AWS.
function invoke(handler, event, context) {
  let finish;
  return new Promise((resolve, reject) => {
    let settle = () => resolve(null);
    finish = () => settle();
    const callback = (error, result) => {
      settle = () => (error ? reject(error) : resolve(result));
      if (!context.callbackWaitsForEmptyEventLoop) settle();
    };
    context.succeed = (result) => callback(null, result);
    context.fail = (error) => callback(error ?? new Error("failed"));
    context.done = callback;
    const returned = handler(event, context, callback);
    if (typeof returned?.then === "function") returned.then(resolve, reject);
    else process.once("beforeExit", finish);
  }).finally(() => process.removeListener("beforeExit", finish));
}

let handler;
try {
  handler = await load();
} catch (error) {
  console.error(error);
  await call("POST", "/init/error", describe(error));
  process.exit(1);
}
for (;;) {
  const next = await call("GET", "/invocation/next");
  const requestId = next.headers["lambda-runtime-aws-request-id"];
  const deadline = Number(next.headers["lambda-runtime-deadline-ms"]);
  environment._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"];
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: next.headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  let outcome;
  try {
    outcome = ["response", JSON.stringify((await invoke(handler, JSON.parse(next.body), context)) ?? null)];
  } catch (error) {
    console.error(error);
    outcome = ["error", describe(error)];
  }
  await call("POST", `/invocation/${requestId}/${outcome[0]}`, outcome[1]);
}
