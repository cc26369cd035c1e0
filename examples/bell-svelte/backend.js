const HUB = process.env.VITE_CARILLON_URL ?? 'http://localhost:4000'

/** The signed-in user, from your session. */
const userOf = (request) => 'ada'

/** Answers `/my-token` with a token of the signed-in user. The API key never reaches the browser. */
export const answerToken = async (request, response) => {
  const user = encodeURIComponent(userOf(request))
  const answer = await fetch(`${HUB}/v1/users/${user}/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env.CARILLON_API_KEY}` },
  })
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(await answer.text())
}

/** The same route in Vite's development and preview servers. */
const serve = ({ middlewares }) => void middlewares.use('/my-token', answerToken)
export const tokenRoute = { name: 'token-route', configureServer: serve, configurePreviewServer: serve }
