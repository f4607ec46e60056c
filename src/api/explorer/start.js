// Starts the explorer on the document of the service the page came from; addresses are relative, so that it works
// behind a proxy's prefix.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#explorer",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
