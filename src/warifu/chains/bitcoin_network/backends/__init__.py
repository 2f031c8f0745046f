"""Where the wallet hears of the chain: one backend a file, all behind ``base.Backend``, combined by ``failover``."""
