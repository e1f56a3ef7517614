"""Pictures of the latent space, from the exported models; needs the extra `figures`."""
